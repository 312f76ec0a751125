/**
 * Questions of a VM: what an operation cannot decide by itself. catalogue.ts has every question there is; questions.ts
 * asks one at a time, through the VMkernel, and goes on with the answer. A question lives in this process: whoever
 * shows it may die and ask the VMkernel again; when this process ends, the question is withdrawn with it.
 *
 * A .vmx may answer beforehand: `answer.<message id>` = a choice's label or key, `msg.autoAnswer` = TRUE for defaults.
 */
export { imageMissing, movedOrCopied, noSpace, type QuestionForm, serialFileExists } from './catalogue.js';
export { Questions, type QuestionsOptions } from './questions.js';
