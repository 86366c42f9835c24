import type { LibraryDeclaration } from "../library";

/** Libraries that run code again and again. */
export const schedulers: readonly LibraryDeclaration[] = [
  {
    packages: ["node-cron", "node-schedule", "toad-scheduler"],
    schedules: { methods: ["schedule", "scheduleJob", "createTask", "AsyncTask", "Task"] },
  },
  { packages: ["cron"], schedules: { methods: ["CronJob", "from"] } },
  { packages: ["croner"], schedules: { methods: ["Cron", "default", "schedule"] } },
  { packages: ["agenda", "@hokify/agenda"], schedules: { methods: ["define"] } },
  { packages: ["@nestjs/schedule"], schedules: { decorators: ["Cron", "Interval"], methods: ["CronJob"] } },
  { packages: ["rxjs", "rxjs/*"], schedules: { methods: ["interval"] } },
  {
    packages: ["timers", "node:timers", "timers/promises", "node:timers/promises"],
    schedules: { methods: ["setInterval"] },
  },
];
