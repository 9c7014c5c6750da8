import type { Command } from "commander";
import { type ApiClient, createApiClient } from "./api/client.ts";
import { findConnection } from "./api/connection.ts";
import { currentHome } from "./installation/checkout.ts";

/** Options that every command which calls the API takes. */
export interface ApiOptions {
	url?: string;
	json?: boolean;
}

export function withApiOptions(command: Command): Command {
	return command
		.option(
			"--url <address>",
			"the control plane (default: LARDER_URL, or the one on this machine)",
		)
		.option("--json", "print the API's own JSON");
}

export async function connect(options: ApiOptions): Promise<ApiClient> {
	return createApiClient(await findConnection(currentHome(), options));
}

export function print(text: string): void {
	process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
	print(JSON.stringify(value, null, 2));
}
