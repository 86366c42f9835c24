/** One thing that set-up sees to. */
export interface SetupStep {
  readonly title: string;
  /** Finds it or installs it; ends with what there is now, such as `3.230.0, built from source`. */
  provide(note: (text: string) => void): Promise<string>;
}
