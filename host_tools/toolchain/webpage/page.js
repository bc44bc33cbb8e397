(function () {
  "use strict";
  const charts = [...document.querySelectorAll(".chart")];
  const config = {displaylogo: false, responsive: true, modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]]};
  for (const chart of charts) {
    const drawn = JSON.parse(document.getElementById(chart.id + "-data").textContent);
    Plotly.newPlot(chart, drawn.data, drawn.layout, config);
    for (const box of document.querySelectorAll("#" + chart.id + "-key input")) {
      box.addEventListener("change", function () {
        const these = drawn.data.map((trace, at) => [trace.name, at]).filter(([name]) => name === box.value);
        Plotly.restyle(chart, {visible: box.checked}, these.map(([, at]) => at));
      });
    }
  }
  // On paper a chart is as wide as the sheet, A4 less the page's margins and the box's own, in CSS pixels, and low
  // enough to stand under the page's head.
  const SHEET = 660, HIGH = 440, FLATTER = 0.68;
  const closed = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  const heights = charts.map(chart => chart.clientHeight);
  function resize(printed) {
    charts.forEach(function (chart, at) {
      const height = printed ? Math.min(HIGH, Math.round(heights[at] * FLATTER)) : heights[at];
      chart.style.height = height + "px";
      Plotly.relayout(chart, {width: printed ? SHEET : null, height: height, autosize: !printed});
    });
  }
  window.addEventListener("beforeprint", function () {
    opened = [...closed()];
    for (const part of opened) part.open = true;
    resize(true);
  });
  window.addEventListener("afterprint", function () {
    for (const part of opened) part.open = false;
    resize(false);
  });
})();
