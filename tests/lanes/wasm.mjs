// Runs tests of one portable file in the 32-bit WebAssembly MicroPython: the files the tests may import are copied into
// its in-memory file system under the paths they have on the host, then run_portable.py takes over.
// Arguments: FOLDERS (comma-separated) FILE NAME...   Working folder: the project root.
import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "../../host_tools/node/node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs";

const HEAP_BYTES = 8 * 1024 * 1024;
const RUNNER_FOLDER = "tests/lanes";
const [folders, file, ...names] = process.argv.slice(2);

const write = (line) => fs.writeSync(1, line + "\n");
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

const sources = new Set([...folders.split(","), path.posix.dirname(file), RUNNER_FOLDER]);
sources.forEach(copyFolder);

const asList = (texts) => "[" + texts.map((text) => JSON.stringify(text)).join(", ") + "]";
micropython.runPython(`
import sys
sys.path.append("${RUNNER_FOLDER}")
from run_portable import run
run(${asList(folders.split(","))}, ${JSON.stringify(file)}, ${asList(names)})
`);
