// What keeps two windows from using one refresh token at once, also when they cannot talk to each other.

/**
 * Runs `task` while no other process of this person runs one of the same name. What a killed process left
 * is taken over.
 * @throws storage.unavailable when it did not get its turn in time, user.cancelled
 */
export type Lock = <T>(name: string, task: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Small texts that outlive the process, the same for all windows, each written whole. Nothing secret. */
export interface Notes {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}
