import { CliError, EXIT } from "../exit-codes.ts";

export interface ServerSettings {
	port: number;
	/** Address that the control plane listens on. */
	bind: string;
	/** Its URL from this machine. */
	url: string;
}

/** From `PORT` (3000) and `LARDER_BIND` (127.0.0.1). */
export function readServerSettings(environment: NodeJS.ProcessEnv = process.env): ServerSettings {
	const port = environment.PORT ? Number(environment.PORT) : 3000;
	if (!Number.isInteger(port) || port < 1 || port > 65_535) {
		throw new CliError(
			`PORT must be a whole number from 1 to 65535; it is "${environment.PORT}".`,
			EXIT.invalidInput,
		);
	}
	const bind = environment.LARDER_BIND || "127.0.0.1";
	const host = bind === "0.0.0.0" || bind === "::" ? "127.0.0.1" : bind;
	return { port, bind, url: `http://${host.includes(":") ? `[${host}]` : host}:${port}` };
}
