import { startUpstream } from "./accelerator-fixture.ts";

/** A DynamoDB in a process of its own, for benchmarks: prints its endpoint, and serves until it is killed. */
const { endpoint } = await startUpstream();
process.stdout.write(`${endpoint}\n`);
