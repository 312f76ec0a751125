import { VmkernelError, type VmQuestion } from '../../../kernel/abi/index.js';
import type { VirtualMachineQuestionInfo } from '../../../lib/vim/index.js';
import { invalidArgument, type MethodHandlers, vimFault } from '../../../lib/vim-server/index.js';
import type { VirtualMachine } from './virtual-machine.js';

/** Gives the answer to the machine's process. @throws VmkernelError InvalidState when the question is gone */
export type Answer = (vmxPath: string, questionId: string, choice: string) => Promise<unknown>;

export function questionInfo(question: VmQuestion): VirtualMachineQuestionInfo {
  const { id, messageId, text, choices, defaultIndex } = question;
  const choiceInfo = choices.map(({ key, label }) => ({ key, label, summary: label }));
  const valueIsReadonly = true;
  return {
    id,
    text,
    choice: { choiceInfo, defaultIndex, valueIsReadonly },
    message: [{ id: messageId, text }],
  };
}

export const questionMethods: MethodHandlers<VirtualMachine> = {
  AnswerVM: async (vm, { questionId, answerChoice }) => {
    const question = vm.run?.question;
    if (vm.run === undefined || question?.id !== questionId) throw invalidArgument('questionId');
    if (!question.choices.some(({ key }) => key === answerChoice)) throw invalidArgument('answerChoice');
    try {
      await vm.dependencies.answer(vm.vmxPath, questionId, answerChoice);
    } catch (error) {
      if (!(error instanceof VmkernelError) || error.code !== 'InvalidState') throw error;
      throw vimFault('ConcurrentAccess', {}, 'The question has been answered by somebody else.');
    }
    vm.noteAnswered(questionId);
  },
};
