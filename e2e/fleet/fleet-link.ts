import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { JournalEntry } from "./journal.ts";
import type { HostPlace } from "./simulated-host.ts";
import type { Traffic } from "./traffic.ts";

type Order =
	| { do: "join"; places: readonly HostPlace[]; url: string; joinToken: string }
	| { do: "lose"; names: readonly string[] }
	| { do: "take-journal" }
	| { do: "take-traffic" };
export type FleetCall = Order & { id: number };
export type FleetAnswer = { id: number; result: unknown } | { id: number; error: string };

/** The simulated hosts, in a process of their own. */
export class FleetLink {
	private readonly child: ChildProcess;
	private readonly pending = new Map<number, (answer: FleetAnswer) => void>();
	private calls = 0;

	constructor() {
		this.child = fork(fileURLToPath(new URL("./fleet-process.ts", import.meta.url)));
		this.child.on("message", (answer: FleetAnswer) => {
			this.pending.get(answer.id)?.(answer);
			this.pending.delete(answer.id);
		});
	}

	async join(places: readonly HostPlace[], url: string, joinToken: string): Promise<void> {
		await this.call({ do: "join", places, url, joinToken });
	}

	/** Makes those hosts disappear. Returns the names of the caches whose primary was on one of them. */
	async lose(names: readonly string[]): Promise<string[]> {
		return (await this.call({ do: "lose", names })) as string[];
	}

	/** What hosts were given since the last call. */
	async takeJournal(): Promise<JournalEntry[]> {
		return (await this.call({ do: "take-journal" })) as JournalEntry[];
	}

	async takeTraffic(): Promise<Traffic> {
		return (await this.call({ do: "take-traffic" })) as Traffic;
	}

	async stop(): Promise<void> {
		const exited = once(this.child, "exit");
		this.child.disconnect();
		await exited;
	}

	private async call(order: Order): Promise<unknown> {
		const id = ++this.calls;
		const answered = new Promise<FleetAnswer>((resolve) => this.pending.set(id, resolve));
		this.child.send({ ...order, id });
		const answer = await answered;
		if ("error" in answer) throw new Error(`${order.do}: ${answer.error}`);
		return answer.result;
	}
}
