import type { Host } from "../../contract/index.ts";
import { toHostView } from "../../data/host-mapping.ts";
import type { Resources } from "../context.ts";
import { findHost } from "./find-host.ts";

/** One host, or `not_found`. */
export async function getHost({ db, fleet }: Resources, input: { name: string }): Promise<Host> {
	return toHostView(await findHost(db, input.name), fleet);
}
