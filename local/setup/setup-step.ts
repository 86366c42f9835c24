/** One program or library that set-up provides. */
export interface SetupStep {
  readonly title: string;
  /** Finds or installs it. Returns the result, such as `3.248.0, built from source`. */
  provide(note: (text: string) => void): Promise<string>;
}
