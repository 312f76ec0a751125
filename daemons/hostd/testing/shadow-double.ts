import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgramEnd, RunProgram } from '../access/account-tools.js';

/** shadow-utils over passwd and group files in a folder: as much of them as hostd uses. */
export class ShadowDouble {
  readonly argvs: (readonly string[])[] = [];
  /** What the next programs end with instead of doing anything. */
  refusal: ProgramEnd | undefined;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  readonly run: RunProgram = async (argv, input) => {
    this.argvs.push(argv);
    if (this.refusal !== undefined) return this.refusal;
    const [program = ''] = argv;
    const name = argv.at(-1) ?? '';
    switch (program) {
      case 'useradd':
        return this.#addUser(argv, name);
      case 'groupadd':
        return this.#add('group', name, `${name}:x:3000:`);
      case 'userdel':
        this.#drop('group', name);
        return this.#drop('passwd', name);
      case 'groupdel':
        return this.#drop('group', name);
      case 'usermod':
      case 'gpasswd':
        return this.#changeMembers(argv, name);
      default:
        return { status: program === 'chpasswd' && input.endsWith('\n') ? 0 : 127, complaint: '' };
    }
  };

  #addUser(argv: readonly string[], name: string): ProgramEnd {
    const shell = argv[argv.indexOf('-s') + 1];
    const comment = argv.includes('-c') ? argv[argv.indexOf('-c') + 1] : '';
    const uid = argv.includes('-u') ? argv[argv.indexOf('-u') + 1] : '3000';
    this.#add('group', name, `${name}:x:${uid}:`);
    return this.#add('passwd', name, `${name}:x:${uid}:${uid}:${comment}:/home/${name}:${shell}`);
  }

  #changeMembers(argv: readonly string[], last: string): ProgramEnd {
    const group = argv[0] === 'gpasswd' ? last : argv[argv.indexOf('-G') + 1];
    const user = argv[0] === 'gpasswd' ? argv[2] : last;
    const lines = this.#lines('group').map(line => {
      const [name, x, gid, members = ''] = line.split(':');
      if (name !== group) return line;
      const others = members.split(',').filter(member => member !== '' && member !== user);
      return [name, x, gid, (argv[0] === 'gpasswd' ? others : [...others, user]).join(',')].join(':');
    });
    return this.#write('group', lines);
  }

  #add(file: string, name: string, line: string): ProgramEnd {
    const lines = this.#lines(file);
    if (lines.some(other => other.startsWith(`${name}:`))) return { status: 9, complaint: 'exists' };
    return this.#write(file, [...lines, line]);
  }

  #drop(file: string, name: string): ProgramEnd {
    return this.#write(
      file,
      this.#lines(file).filter(line => !line.startsWith(`${name}:`)),
    );
  }

  #lines(file: string): string[] {
    return readFileSync(join(this.#folder, file), 'utf8').split('\n').filter(Boolean);
  }

  #write(file: string, lines: readonly string[]): ProgramEnd {
    writeFileSync(join(this.#folder, file), `${lines.join('\n')}\n`);
    return { status: 0, complaint: '' };
  }
}
