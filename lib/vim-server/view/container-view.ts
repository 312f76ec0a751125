import { ManagedObjectReference } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { Session } from '../session/session.js';
import type { ContainerContents, ContainerQuestion } from './container-contents.js';

/** The entities below a container, as one session looks at them. */
export class ContainerView implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = containerViewClass;
  readonly question: ContainerQuestion;
  readonly #session: Session;
  readonly #contents: ContainerContents;
  readonly #stopListening: () => void;

  constructor(question: ContainerQuestion, session: Session, contents: ContainerContents) {
    this.ref = new ManagedObjectReference('ContainerView', session.newMoid('ContainerView'));
    this.question = question;
    this.#session = session;
    this.#contents = contents;
    this.#stopListening = contents.listen(change => session.registry.listChanged(this, 'view', change));
  }

  destroy(): void {
    this.#stopListening();
    this.#session.disown(this);
  }

  view(): ManagedObjectReference[] {
    return this.#contents.members();
  }
}

export const containerViewClass = defineClass<'ContainerView', ContainerView>('ContainerView', {
  properties: {
    container: view => view.question.container.ref,
    type: view => [...view.question.types],
    recursive: view => view.question.recursive,
    view: view => view.view(),
  },
  methods: { DestroyView: view => view.destroy() },
});
