declare module "dynalite" {
	import type { Server } from "node:http";

	interface DynaliteOptions {
		createTableMs?: number;
		deleteTableMs?: number;
		updateTableMs?: number;
	}
	/** A server that speaks DynamoDB's protocol, with its tables in memory. */
	export default function dynalite(options?: DynaliteOptions): Server;
}
