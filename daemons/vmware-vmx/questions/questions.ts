import { VmkernelError, type VmQuestion } from '../../../kernel/abi/index.js';
import type { QuestionForm } from './catalogue.js';

export interface QuestionsOptions {
  /** Begins the ids of this run's questions, so that no answer meant for another run fits. */
  readonly run: number;
  /** A key of the .vmx in force. */
  setting(key: string): string | undefined;
  /** Shows a question, or that nothing is asked any more. */
  show(question: VmQuestion | null): void;
  log(text: string): void;
}

interface Asked {
  readonly question: VmQuestion;
  readonly resolve: (choice: string) => void;
}

/** The questions of one VM, one at a time. */
export class Questions {
  readonly #options: QuestionsOptions;
  #asked: Asked | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #nextId = 1;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** What stands now. */
  get asked(): VmQuestion | undefined {
    return this.#asked?.question;
  }

  /** @returns the key of the choice; it may never come */
  ask<Key extends string>(form: QuestionForm<Key>): Promise<Key> {
    const answered = this.#turn.then(() => this.#ask(form));
    this.#turn = answered;
    return answered;
  }

  /** @throws VmkernelError InvalidState when this question is not asked, InvalidArgument {argument} for a strange choice */
  answer(questionId: string, choice: string): void {
    const asked = this.#asked;
    if (asked?.question.id !== questionId)
      throw new VmkernelError('InvalidState', `Question ${questionId} is not asked`, { questionId });
    if (!asked.question.choices.some(({ key }) => key === choice))
      throw new VmkernelError('InvalidArgument', `${choice} is none of the choices`, { argument: 'choice' });
    this.#asked = undefined;
    this.#options.show(null);
    asked.resolve(choice);
  }

  async #ask<Key extends string>(form: QuestionForm<Key>): Promise<Key> {
    const { run, show, log } = this.#options;
    log(`Msg_Question: ${form.messageId}: ${form.text}`);
    const beforehand = this.#answeredBeforehand(form);
    const choice =
      beforehand ??
      (await new Promise<Key>(resolve => {
        const question = { id: `${run}.${this.#nextId++}`, ...form };
        this.#asked = { question, resolve: key => resolve(key as Key) };
        show(question);
      }));
    log(`Msg_Question: ${form.messageId} reply=${choice}${beforehand === undefined ? '' : ' (by the .vmx)'}`);
    return choice;
  }

  #answeredBeforehand<Key extends string>({
    messageId,
    choices,
    defaultIndex,
  }: QuestionForm<Key>): Key | undefined {
    const { setting } = this.#options;
    const answer = setting(`answer.${messageId}`)?.trim().toLowerCase();
    const named = choices.find(({ key, label }) => answer === key || answer === label.toLowerCase());
    const automatic = setting('msg.autoAnswer')?.trim().toLowerCase() === 'true';
    return named?.key ?? (automatic ? choices[defaultIndex]?.key : undefined);
  }
}
