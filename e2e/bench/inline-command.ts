import { connect } from "node:net";

const TIMEOUT_MS = 1_000;

/** Sends one command on its own connection and returns the whole reply; null if nothing answers. */
export function inlineCommand(host: string, port: number, command: string): Promise<string | null> {
	return new Promise((resolve) => {
		const socket = connect({ host, port, noDelay: true });
		let reply = "";
		const end = (result: string | null) => {
			socket.destroy();
			resolve(result);
		};
		socket.setTimeout(TIMEOUT_MS, () => end(null));
		socket.once("connect", () => socket.write(`${command}\r\n`));
		socket.on("error", () => end(null));
		// A gateway without a server closes the connection without an error.
		socket.on("close", () => end(null));
		socket.on("data", (chunk) => {
			reply += chunk.toString("utf8");
			if (isWhole(reply)) end(reply);
		});
	});
}

function isWhole(reply: string): boolean {
	const bulk = /^\$(-?\d+)\r\n/.exec(reply);
	if (bulk === null) return reply.endsWith("\r\n");
	return reply.length >= bulk[0].length + Math.max(0, Number(bulk[1])) + 2;
}
