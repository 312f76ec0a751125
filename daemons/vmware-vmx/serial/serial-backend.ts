/** Takes input for the guest; a false answer asks the source to wait until `onRoom`. */
export interface SerialInput {
  offer(bytes: Uint8Array): boolean;
  onRoom(listener: () => void): void;
}

export interface SerialBackend {
  /** What the guest sent. Never blocks, never throws. */
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}
