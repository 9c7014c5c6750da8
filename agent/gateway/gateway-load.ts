import { askHaproxy } from "./haproxy-socket.ts";

/** A worker that is about to end may never answer, and nothing may wait for it. */
const ANSWER_TIMEOUT_MS = 500;

/** How many connections clients have to a host's HAProxy, and how many they may have. */
export interface GatewayLoad {
	readonly connections: number;
	readonly max: number;
}

/** `to` names a worker to the master's socket, as in `@!42 `. Null if HAProxy doesn't run or answer. */
export async function readGatewayLoad(socket: string, to = ""): Promise<GatewayLoad | null> {
	const info = await askHaproxy(socket, `${to}show info`, ANSWER_TIMEOUT_MS).catch(() => "");
	const connections = /^CurrConns: (\d+)$/m.exec(info)?.[1];
	const max = /^Maxconn: (\d+)$/m.exec(info)?.[1];
	return connections === undefined || max === undefined
		? null
		: { connections: Number(connections), max: Number(max) };
}
