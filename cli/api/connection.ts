import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { LarderHome } from "../../platform/home.ts";
import { readLock } from "../../platform/process-lock.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { readServerSettings } from "../installation/settings.ts";

export interface Connection {
	url: string;
	token: string;
}

/**
 * Which control plane to call, and with which token.
 *   address  --url, LARDER_URL, the control plane that runs in this home, http://127.0.0.1:$PORT
 *   token    LARDER_TOKEN, <home>/admin-token. Never an argument: those are visible to every user of the machine.
 */
export async function findConnection(
	home: LarderHome,
	options: { url?: string | undefined },
	environment: NodeJS.ProcessEnv = process.env,
): Promise<Connection> {
	const url =
		options.url ||
		environment.LARDER_URL ||
		readLock(home.controlPlaneLock)?.note ||
		readServerSettings(environment).url;
	if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
		throw new CliError(
			`"${url}" isn't an address such as http://127.0.0.1:3000.`,
			EXIT.invalidInput,
		);
	}
	const token = environment.LARDER_TOKEN || (await readFileIfExists(home.adminTokenFile))?.trim();
	if (!token) {
		throw new CliError("There is no API token to sign in with.", EXIT.notAllowed, [
			`Set LARDER_TOKEN (make one in the console under API tokens), or run npm start on this machine, which writes ${home.adminTokenFile}.`,
		]);
	}
	return { url: url.replace(/\/+$/, ""), token };
}
