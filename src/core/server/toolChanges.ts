/** What a server that is in use lists otherwise than before, by name. */
export interface ToolChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The same name, but what the tool says of itself, takes or may do is another. */
  readonly changed: readonly string[];
}
