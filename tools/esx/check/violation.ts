/** What is not as it must be. */
export interface Violation {
  readonly rule: 'wall' | 'run' | 'backwards' | 'stale' | 'sum' | 'affinity' | 'limit';
  /** `world 1034 vmm0:demo-high` */
  readonly who: string;
  readonly what: string;
}
