import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** Whether another program listens there. */
export async function isPortTaken(port: number, address: string): Promise<boolean> {
	return await new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "EADDRINUSE") resolve(true);
			else reject(error);
		});
		probe.listen({ port, host: address, exclusive: true }, () => probe.close(() => resolve(false)));
	});
}

/** The process that listens on a TCP port, if this user may know; null otherwise. */
export function findPortOwner(port: number): { pid: number; command: string } | null {
	const inodes = new Set([
		...listenInodes("/proc/net/tcp", port),
		...listenInodes("/proc/net/tcp6", port),
	]);
	if (inodes.size === 0) return null;
	for (const name of readdirSync("/proc")) {
		const pid = Number(name);
		if (!Number.isInteger(pid) || !holdsSocket(pid, inodes)) continue;
		const command = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
		return { pid, command };
	}
	return null;
}

function listenInodes(table: string, port: number): string[] {
	const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	const listening = "0A";
	let text: string;
	try {
		text = readFileSync(table, "utf8");
	} catch {
		// No IPv6 on this machine.
		return [];
	}
	return text
		.split("\n")
		.slice(1)
		.map((line) => line.trim().split(/\s+/))
		.filter((fields) => fields[1]?.endsWith(wanted) && fields[3] === listening)
		.flatMap((fields) => fields[9] ?? []);
}

function holdsSocket(pid: number, inodes: ReadonlySet<string>): boolean {
	try {
		return readdirSync(`/proc/${pid}/fd`).some((fd) => {
			const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
			return inode !== undefined && inodes.has(inode);
		});
	} catch {
		// Another user's process, or one that has just ended.
		return false;
	}
}
