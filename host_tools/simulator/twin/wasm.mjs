// Runs the firmware on the 32-bit WebAssembly MicroPython as the virtual board: its files are copied into the in-memory
// file system, and /plant is a device over the two pipes to the plant. Arguments: READ_FD WRITE_FD SETTINGS FOLDER...
import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "../../toolchain/node/node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [readFd, writeFd, settings, ...folders] = process.argv.slice(2);
const write = (line) => fs.writeSync(1, line + "\n");
const micropython = await loadMicroPython({ heapsize: 1024 * 1024, linebuffer: true, stdout: write, stderr: write });
const FS = micropython.FS;

function copyFolder(folder) {
  FS.mkdirTree(folder);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "__pycache__") copyFolder(name);
    else if (entry.isFile() && /\.(py|txt)$/.test(name)) FS.writeFile(name, fs.readFileSync(name));
  }
}
folders.forEach(copyFolder);

function readAll(buffer, offset, length) {
  let got = 0;
  while (got < length) {
    const n = fs.readSync(Number(readFd), buffer, offset + got, length - got, null);
    if (n === 0) break;
    got += n;
  }
  return got;
}
const device = FS.makedev(64, 0);
FS.registerDevice(device, {
  open() {},
  close() {},
  read: (stream, buffer, offset, length) => readAll(buffer, offset, length),
  write: (stream, buffer, offset, length) => {
    fs.writeSync(Number(writeFd), buffer, offset, length);
    return length;
  },
});
FS.mkdev("/plant", device);

micropython.runPython(`
import sys
sys.path[:] = [${folders.map((folder) => JSON.stringify(folder)).join(", ")}, ".frozen"]
import start
_status = start.main("/plant", "/plant", ${JSON.stringify(settings)})
`);
process.exit(micropython.globals.get("_status"));
