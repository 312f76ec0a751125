import fs = require('node:fs');
import nodeModule = require('node:module');
import path = require('node:path');
import vm = require('node:vm');

/** What V8 knows about a bundle's text stands beside it; it takes nothing that another V8 or other flags made. */
function compile(name: string): { readonly script: vm.Script; readonly file: string } {
  const file = path.join(__dirname, `${name}.bundle.js`);
  const text = fs.readFileSync(file, 'utf8');
  const cachedData = fs.existsSync(`${file}.cache`) ? fs.readFileSync(`${file}.cache`) : undefined;
  const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  return { script, file };
}

/** Runs a bundle of this folder as a CommonJS module. */
function run(name: string): void {
  const { script, file } = compile(name);
  const module = { exports: {} };
  script.runInThisContext()(module.exports, nodeModule.createRequire(file), module, file, __dirname);
}

export = { compile, run };
