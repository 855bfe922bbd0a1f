// A collector for the benchmarks: prints its gRPC endpoint and takes everything.
import { startReceiver } from "../support/receiver.ts";

const receiver = await startReceiver();
process.stdout.write(`${receiver.grpc}\n`);
process.once("SIGTERM", () => void receiver.close().then(() => process.exit(0)));
