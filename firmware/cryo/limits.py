"""Every hard limit of the applicator, in one place.

Settings may only tighten these values; nothing may loosen them. A comment begins with the limit's number in the
project's tables, if it has one, and the direction in which the figure is stricter: higher or lower. The basis follows:
[S] stated in a published source, [C] computed from published data, [E] engineering judgement, never clinically tested.
Units stand in the names; temperatures are corrected (linearised).
"""

from micropython import const

# --- skin temperature, lowest valid channel -------------------------------------------------------------------------
SKIN_TRIP_MDEGC = const(4_000)  # 1 higher [E] frostbite at 0 degC (ISO 13732-3, Geng 2006) + sensor 2 + undershoot
SKIN_TRIP_REDUCED_MDEGC = const(8_000)  # 2 higher [E] numbness at 7 degC (Geng 2006) + 1, for patients who feel less
SKIN_LOCKOUT_MDEGC = const(2_000)  # 3 higher [S] red band of a peer's skin display begins below 2 degC
AFTERMATH_US = const(5_000_000)  # 1 higher [E] after the last gas the skin's readings count so long, in every mode
TREND_LOOKAHEAD_MS = const(200)  # 3 higher [E] skin + this long at its present slope ...
TREND_LOCKOUT_MDEGC = const(0)  # 3 higher [E] ... must stay above freezing

# --- one burst --------------------------------------------------------------------------------------------------------
BURST_MAX_US = const(500_000)  # 4 lower [C] longest opening, sensation intact: a fall of 11.3 degC at K 16
BURST_MAX_REDUCED_US = const(300_000)  # 4 lower [C] longest opening, reduced sensation: a fall of 8.8 degC at K 16
OFF_MIN_US = const(350_000)  # 5 higher [S] spurts within 110 ms act as one; [C] conversion 100 ms + probe time constant
DUTY_WINDOW_US = const(2_000_000)  # 6 higher [C] over any window of this length ...
DUTY_MAX_US = const(1_200_000)  # 6 lower [C] ... at most 60 % open
JET_K_MIN_MDEGC = const(8_000)  # 7 higher [C] jet constant K, mdegC per root second, h about 75 W/m2K
JET_K_MAX_MDEGC = const(50_000)  # 7 lower [C] h about 470 W/m2K; nothing stronger is treatable
BURST_MIN_US = const(30_000)  # 7 higher [E] shorter openings are not repeatable with a 5-25 ms valve
PROBE_BURST_MAX_US = const(60_000)  # 7 lower [C] first burst at a point, press, pass or distance
# Every burst also leaves room for a jet that has just become stronger than the bursts before showed. 2 [C]: on skin so
# cold the flux is 0.8 of what K is defined for, so a jet 2.5 times as strong is held (docs/safety/campaign.md). That is
# more than a nozzle gives that lost its diffuser: a free jet of 1 g/s at 400 to 550 m/s has, 80 mm further, 51 to 60
# m/s on 14 mm, and 240 to 360 W/m2K at its stagnation point, 1.6 to 2.4 times the reference [C]; unmeasured.
JET_JUMP = const(2)  # 7 higher times K at the measured distance, which may leave the surface at ...
SKIN_LEAST_MDEGC = const(0)  # 7 higher [E] ... frostbite at 0 degC (ISO 13732-3 research, Geng 2006), or
SKIN_LEAST_REDUCED_MDEGC = const(4_000)  # 7 higher [E] ... 4 above it for patients who feel less
# What the skin shows of a weaker jet counts for the level's floor alone, and only while probe and infrared agree.
JET_WEAKEST_PM = const(800)  # 7 higher [E] of the calibrated K, in thousandths
# What one point showed of a stronger jet is in force for the next one. Thick skin shows the same, and other skin takes
# no harm if it is learnt anew there: its first burst is a probe burst.
JET_CARRIED_PM = const(1_300)  # 7 higher [E] so much of it at most, in thousandths of the calibrated K

# --- one point, one session -------------------------------------------------------------------------------------------
POINT_MAX_MS = const(60_000)  # 8 lower [S] peers sweep a site for 45-60 s
POINT_VALVE_ON_MAX_US = const(30_000_000)  # 8 lower [C]
PASS_MAX_MS = const(18_000)  # lower [E] one pass
PASSES_MAX = const(8)  # lower [E] passes a point, within limit 8
PASS_REST_MS = const(1_000)  # higher [E] between passes
PASS_RESUMED_MS = const(2_000)  # lower [E] a press so soon after a release goes on with its pass
HOLD_MS = const(5_000)  # lower [E] at the target, then the point is done
SAME_POINT_S = const(300)  # 9 higher [S] five minutes of recovery; every point counts as treated at boot
SAME_POINT_SKIN_MDEGC = const(28_000)  # 9 higher [E]
# Between points that the marking template puts 30 mm apart or more: a treated point cools skin 30 mm away by 0.4 degC,
# through the gas that spreads over it, and skin 35 mm away by 0.2 [C]. The start still needs limits 9 and 23.
APART_REST_S = const(10)  # 9 higher [E]
APART_REST_REDUCED_S = const(20)  # 9 higher [E] for patients who feel less
SESSION_MAX_S = const(1_200)  # 10 lower [E]
SESSION_VALVE_ON_MAX_MS = const(300_000)  # 10 lower [E] in any time of that length, whoever is treated
NEW_PATIENT_S = const(120)  # 10 higher [E] without a burst, before the accounts of another patient begin
ATTESTED_S = const(600)  # 10 lower [E] without a burst; then the next one is taken for another patient

# --- samples ----------------------------------------------------------------------------------------------------------
SAMPLE_AGE_MAX_US = const(250_000)  # 11 lower [E] age of a sample that a burst is planned on
SETTLED_US = const(350_000)  # 11 higher [E] its conversion ended this long after the valve closed
BAD_CONVERSIONS = const(3)  # 12 lower [E] this many bad conversions ...
BAD_WINDOW_US = const(1_000_000)  # 12 higher [E] ... within this time latch; the first one closes an open valve
STALE_US = const(1_000_000)  # 12 lower [E] ten conversions without a changed frame while bursts are given
RESPONSE_MIN_MDEGC = const(250)  # 13 higher [C] in-cycle dips are 0.6-1.6 degC; one step of a MAX31855
RESPONSE_MISSES = const(3)  # 13 lower [E] bursts in a row without a fall
# Falls observed are judged by falls predicted. Before they are called strong, one step of the converter a burst comes
# off: the lowest of several noisy samples lies under their mean. A window is judged once so much was predicted in it
# that steps and noise stay below a quarter; older bursts fade by half with every judgement. On the virtual patient
# healthy windows, noise, tremor, a probe 20 % faster and a jet 10 % stronger included, stayed under 1.32 [C]. Callus
# shows 1.3 to 2.1 from its first burst on, and no more later: what counts as strong is a step within a point, over the
# window that showed least, or more than any callus [C].
RESPONSE_WINDOW_MDEGC = const(3_000)  # 13 lower [E] a fall predicted, in as many bursts as that takes
RESPONSE_WEAK_TENTHS = const(5)  # 13 higher [C] of predicted in a window; under it a probe hangs loose
RESPONSE_MOST_TENTHS = const(22)  # 13 lower [C] of predicted in all: with step and margin 2.5 times, above all callus
RESPONSE_STRONG_TENTHS = const(16)  # 13 lower [E] times the least window's, since the window began, at any sample, ...
RESPONSE_STRONG_MARGIN_MDEGC = const(750)  # 13 lower [E] ... and this; over both a jet is closer, or another nozzle's
RESPONSE_WINDOW_STRONG_TENTHS = const(14)  # 13 lower [C] the same of a whole window, which tells more ...
RESPONSE_WINDOW_MARGIN_MDEGC = const(500)  # 13 lower [C] ... and this

# --- second skin channel (infrared): a settled sample counts beside the probe's in limits 1, 2, 3 and 24 --------------
# Further apart than this, it and the probe contradict each other [E]. 3.7 degC of both limits is what the sensors may
# err: probe 2, infrared 0.5 (MLX90614, 0-50 degC [S]), cold gas on its housing 1 [E], emissivity 0.98 +- 0.01 0.2 [C].
INFRARED_COLDER_MDEGC = const(6_000)  # lower + 2.3 that its filter (0.77 Hz or faster) holds of burst and plume [C]
INFRARED_WARMER_MDEGC = const(12_000)  # lower + 8.3: two fifths of its field on skin at rest, 21 degC warmer [E]
INFRARED_AGREES_MDEGC = const(2_000)  # lower [E] no further apart at settled samples, they agree
# Before a point both see the same resting skin. A probe half off it reads between skin and air: the share of their
# difference that it shows is asked where that is large enough to tell.
INFRARED_REST_MDEGC = const(2_000)  # lower [C] further apart at rest, nothing starts: refuses 0.3 % of calibrated pairs
INFRARED_SHARE_PC = const(75)  # higher [C] nor where the probe shows less of what infrared is over ambient, ...
INFRARED_SHARE_MDEGC = const(6_000)  # lower [C] ... if that is so much or more; ambient is the cold junction's
INFRARED_DISCORDS = const(3)  # lower settled samples in a row that are so far apart
INFRARED_UNSEEN_BURSTS = const(3)  # lower [E] after so many without a settled sample, the next one waits for it ...
INFRARED_WAIT_US = const(700_000)  # higher ... until then: 350 settled, 180 between reads, 100 a sample, polls in turn
INFRARED_AGE_MAX_US = const(500_000)  # lower [E] two samples of 100 ms, read every 60 to 180 ms
INFRARED_GONE_US = const(5_000_000)  # lower [E] unchanged for so long it stands still: its noise moves every sample

# --- distance ---------------------------------------------------------------------------------------------------------
START_MIN_MM = const(80)  # 14 higher [S] peers work at 100 and 150 mm; [E]
START_MAX_MM = const(200)  # 14 lower
CONTINUE_MIN_MM = const(70)  # 14 higher [E]
CONTINUE_MAX_MM = const(220)  # 14 lower
DISTANCE_AGE_MAX_US = const(100_000)  # 14 lower [C] since its measurement began; at 0.3 m/s a hand comes 30 mm nearer
DISTANCE_LOST_US = const(500_000)  # 14 lower [E] a surface lost this long ends the pass
DISTANCE_JUMP_MM = const(30)  # 14 lower [E] from sample to sample: a hand at 0.3 m/s moves 12 in two of 20 ms; noise
DISTANCE_LIGHT_PC = const(150)  # 14 lower [E] of the point's first light for its distance: a range off by a fifth
DISTANCE_NOISE_MM = const(5)  # 7 higher [E] a result may read so much too far: the room for a jet that jumps has it
DISTANCE_STEP_MM = const(10)  # 7 lower [C] a change beyond this makes the next burst a probe burst; nearer, it ...
DISTANCE_ERROR_MM = const(50)  # 7 higher [E] ... ends an open one, and the next leaves room for a sensor so far off

# --- people -----------------------------------------------------------------------------------------------------------
INDICATION_MS = const(2_000)  # 15 higher light and tone before the first burst [S] laser practice; [E]
TRIGGER_DEBOUNCE_US = const(30_000)  # 16 higher [E] presses only; a release acts at its first sample
IDLE_MS = const(60_000)  # 16 lower [E] armed and unused: back to stand-by
CONFIRM_MS = const(10_000)  # lower [E] time to confirm an arm request
LOOP_DISCORDANCE_US = const(50_000)  # 22 lower [E] antivalent channels may disagree while the contact travels
BASELINE_MIN_MDEGC = const(24_000)  # 23 higher [E] skin before treatment, sensation intact
BASELINE_MAX_MDEGC = const(38_000)  # 23 lower
BASELINE_MIN_REDUCED_MDEGC = const(28_000)  # 23 higher [E] reduced sensation
BASELINE_MAX_REDUCED_MDEGC = const(37_000)  # 23 lower

# --- hardware ---------------------------------------------------------------------------------------------------------
ONE_SHOT_MAX_MS = const(600)  # 17 lower [E] the hardware closes the valve by then whatever the software does
LEASE_MAX_US = const(20_000)  # 17 lower [E] the shut-off's lease; a renewal replaces it
WATCHDOG_MS = const(500)  # 18 lower [E] fed after all checks of a tick
TICK_US = const(10_000)  # lower the control tick
LATE_TICK_US = const(25_000)  # 18 lower [E] one tick this long while bursts are given latches a fault, ...
LATE_SUM_US = const(50_000)  # 18 lower [E] ... and so do many that are each a little late, once they add up to this
TASKS_LATE_MAX = const(12)  # 18 lower [E] ticks without a background task's sign of life: two rounds of six slow inputs
LOOP_RESETS = const(3)  # 19 lower [E] so many restarts that nobody asked for ...
LOOP_RESETS_S = const(600)  # 19 higher [E] ... within this time: no gas until switched off

# --- gas --------------------------------------------------------------------------------------------------------------
BOTTLE_ARM_MIN_MBAR = const(35_000)  # 20 higher [C] vapour pressure 34.9 bar at 0 degC
BOTTLE_ARM_MAX_MBAR = const(70_000)  # 20 lower [C] 72.1 bar at 30 degC
BOTTLE_STOP_MIN_MBAR = const(20_000)  # 20 higher
BOTTLE_STOP_MAX_MBAR = const(75_000)  # 20 lower
ROOM_WARN_PPM = const(5_000)  # 21 lower [S] 8 h time-weighted average
ROOM_STOP_PPM = const(10_000)  # 21 lower [E]
ROOM_AGE_MAX_US = const(20_000_000)  # 21 lower [E] a sample in 5 s, whose measurement took 5 s; two may be lost
ROOM_PPM_M3_PER_G = const(540)  # 21 higher [C] 18 ppm a gram in 30 m3
GAS_MG_PER_S = const(1_000)  # 21 higher [E] reference nozzle at 57 bar

# --- cold dose and model ----------------------------------------------------------------------------------------------
DOSE_BELOW_MDEGC = const(15_000)  # 24 higher [S] non-freezing cold injury is a dose injury (PMC4395553)
DOSE_POINT_DEGC_S = const(400)  # 24 lower [E]
DOSE_SESSION_DEGC_S = const(1_600)  # 24 lower [E]
MODEL_MARGIN_MDEGC = const(1_500)  # 25 lower [C] predicted surface may go so far under the floor, no sensor asked; ...
MODEL_MARGIN_AGREED_MDEGC = const(3_500)  # 25 lower [E] ... both agreeing: weak jets, hard skin are 2.4-5.4 warmer [C]
PROOF_TEST_BURSTS = const(500)  # 26 lower [E] each valve alone, and at the first arming of a day
PROOF_TEST_S = const(86_400)  # 26 lower [E] that day, where no clock tells it: since switch-on or the last proof test
