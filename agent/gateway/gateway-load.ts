import { askHaproxy } from "./haproxy-socket.ts";

const ANSWER_TIMEOUT_MS = 1_000;

/** How many connections clients have to a host's HAProxy, and how many they may have. */
export interface GatewayLoad {
	readonly connections: number;
	readonly max: number;
}

/** Null if HAProxy doesn't run or answer. */
export async function readGatewayLoad(statsSocket: string): Promise<GatewayLoad | null> {
	const info = await askHaproxy(statsSocket, "show info", ANSWER_TIMEOUT_MS).catch(() => "");
	const connections = /^CurrConns: (\d+)$/m.exec(info)?.[1];
	const max = /^Maxconn: (\d+)$/m.exec(info)?.[1];
	return connections === undefined || max === undefined
		? null
		: { connections: Number(connections), max: Number(max) };
}
