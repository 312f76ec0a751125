import { vmware } from './command.js';

const { out, err, status } = vmware(process.argv.slice(2));
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = status;
