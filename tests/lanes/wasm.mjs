// Runs tests of portable files in the 32-bit WebAssembly MicroPython, a file for each line on standard input:
// {"folders": [...], "file": "...", "names": [...]}   Working folder: the project root.
// Each file gets an interpreter of its own, into whose file system what the tests may import is copied under the paths it
// has on the host; run_portable.py takes over there. It prints to standard error; an empty line on standard output says
// that the file ended. What goes wrong ends this process, so that nothing of it reaches the next file.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { loadMicroPython } from "../../host_tools/toolchain/node/node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs";

const HEAP_BYTES = 8 * 1024 * 1024;
const RUNNER_FOLDER = "tests/lanes";

const write = (line) => fs.writeSync(2, line + "\n");
const asList = (texts) => "[" + texts.map((text) => JSON.stringify(text)).join(", ") + "]";

async function run({ folders, file, names }) {
  const micropython = await loadMicroPython({ heapsize: HEAP_BYTES, linebuffer: true, stdout: write, stderr: write });

  function copyFolder(folder) {
    if (!fs.existsSync(folder)) return;
    micropython.FS.mkdirTree(folder);
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const name = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== "__pycache__") copyFolder(name);
      else if (entry.isFile()) micropython.FS.writeFile(name, fs.readFileSync(name));
    }
  }

  new Set([...folders, path.posix.dirname(file), RUNNER_FOLDER]).forEach(copyFolder);
  micropython.runPython(`
import sys
sys.path.append("${RUNNER_FOLDER}")
from run_portable import run
run(${asList(folders)}, ${JSON.stringify(file)}, ${asList(names)})
`);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  await run(JSON.parse(line));
  fs.writeSync(1, "\n");
}
