/** An S3 server in a process of its own, which can be killed: `bucket-process.ts <directory> <port>`. */
import { TestBucket } from "../../../platform/testing/test-bucket.ts";

const [directory = "", port = ""] = process.argv.slice(2);
await TestBucket.start({ directory, port: Number(port) });
process.send?.("serving");
process.on("disconnect", () => process.exit());
