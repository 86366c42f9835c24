import { Problems } from "../../common/problem";
import { showProgress } from "../../common/system/progress";
import { setup } from "../../local/setup/setup";
import { versitygwStep } from "./versitygw-setup";

// What only tests run. Without it they skip themselves, so a failure is no end.
setup(showProgress(), [versitygwStep]).catch((error: unknown) => {
  if (!(error instanceof Problems)) throw error;
  process.stderr.write(`${error.message}\n`);
});
