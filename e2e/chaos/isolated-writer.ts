/**
 * A separate client in a host's network namespace: it writes through an address given as host and port, and tells its
 * parent on request how many writes were acknowledged.
 */
import { startWriter } from "../fixtures/numbered-writer.ts";
import { endpointPath } from "../fixtures/write-paths.ts";

const [host = "", port = ""] = process.argv.slice(2);
const endpoint = { host, port: Number(port) };
const writer = startWriter({ path: endpointPath([endpoint]), tag: "isolated" });
process.on("message", () => process.send?.(writer.acknowledged));
process.once("disconnect", () => process.exit(0));
