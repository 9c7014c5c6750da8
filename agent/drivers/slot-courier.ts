import type { Assignment } from "../../server/contract/desired-state.ts";
import { EngineCommandError, EngineConnection } from "./engine-connection.ts";
import type { RespValue } from "./resp-parser.ts";

const CONNECT_MS = 2_000;
/**
 * How long the engine waits for the target's next answer. It serves no other client meanwhile, so this is less than what
 * counts as hung.
 */
const TRANSFER_MS = 1_000;
const ANSWER_MS = 60_000;
/** About how long it may take to send one batch of keys: the engine serves no other client meanwhile. */
const BUSY_MS = { least: 3, most: 10 };
const KEYS = { first: 32, least: 1, most: 1_000 };

export interface CourierEnd {
	readonly nodeId: string;
	readonly host: string;
	readonly port: number;
}

/**
 * Carries slots from one primary to another key by key, for engines that don't do it by themselves. At each step the two
 * engines agree on who answers for a key: while a slot is open, the source answers for the keys that it still has, and
 * sends clients to the target for others. Everything may be repeated, by whichever agent comes next.
 */
export class SlotCourier {
	private readonly source: EngineConnection;
	private readonly target: EngineConnection;
	private readonly from: CourierEnd;
	private readonly to: CourierEnd;
	private readonly login: readonly string[];
	/** How many keys the source sends at a time: fewer if they are large. */
	private keysAtOnce = KEYS.first;
	private opened: ReadonlySet<number> = new Set();

	private constructor(options: {
		from: CourierEnd;
		to: CourierEnd;
		source: EngineConnection;
		target: EngineConnection;
		login: readonly string[];
	}) {
		this.from = options.from;
		this.to = options.to;
		this.source = options.source;
		this.target = options.target;
		this.login = options.login;
	}

	/** Throws if an engine isn't there. `to` is an IP address: the source connects to it. */
	static async open(
		from: CourierEnd,
		to: CourierEnd,
		{ systemUsername: username, systemPassword: password }: Assignment["auth"],
	): Promise<SlotCourier> {
		const connect = ({ host, port }: CourierEnd) =>
			EngineConnection.open({ host, port, username, password, encoding: "latin1" }, CONNECT_MS);
		const source = await connect(from);
		try {
			const target = await connect(to);
			return new SlotCourier({ from, to, source, target, login: [username, password] });
		} catch (error) {
			source.close();
			throw error;
		}
	}

	get toNodeId(): string {
		return this.to.nodeId;
	}

	get closed(): boolean {
		return this.source.closed || this.target.closed;
	}

	close(): void {
		this.source.close();
		this.target.close();
	}

	/**
	 * Hands these slots over and opens the ones that follow. All commands of one step are sent together, because an
	 * engine writes its cluster file once for all that it reads at once. Throws with the engine's message if one doesn't
	 * take part; slots may then be open.
	 */
	async carry(slots: readonly number[], next: readonly number[]): Promise<void> {
		const open = slots.filter((slot) => !this.opened.has(slot));
		if (open.length > 0) await this.change([], open);
		this.opened = new Set();
		await this.sendKeys(slots);
		await this.change(slots, next);
		this.opened = new Set(next);
	}

	/**
	 * The target goes first: it must let clients in before the source sends them there. If the source closed a slot first
	 * and then died, the slot would have no owner.
	 */
	private async change(close: readonly number[], open: readonly number[]): Promise<void> {
		const commands = (state: readonly string[], allowed: RegExp) => [
			...close.map((slot) => ({ slot, state: ["NODE", this.to.nodeId], allowed: null })),
			...open.map((slot) => ({ slot, state, allowed })),
		];
		await setSlots(this.target, commands(["IMPORTING", this.from.nodeId], /already the owner/));
		await setSlots(this.source, commands(["MIGRATING", this.to.nodeId], /not the owner/));
	}

	private async sendKeys(slots: readonly number[]): Promise<void> {
		let left = slots;
		while (left.length > 0) {
			const found = await together(this.source, left, async (slot) => {
				const count = String(this.keysAtOnce);
				const answer = await this.source.command(
					["CLUSTER", "GETKEYSINSLOT", String(slot), count],
					ANSWER_MS,
				);
				return { slot, keys: textsOf(answer) };
			});
			const holding = found.filter(({ keys }) => keys.length > 0);
			for (const keyLists of inLoads(
				holding.map(({ keys }) => keys),
				this.keysAtOnce,
			)) {
				await this.send(keyLists);
			}
			left = holding.map(({ slot }) => slot);
		}
	}

	private async send(keyLists: readonly (readonly string[])[]): Promise<void> {
		const { host, port } = this.to;
		const startedAt = performance.now();
		await together(this.source, keyLists, async (keys) => {
			await this.source.command(
				[
					...["MIGRATE", host, String(port), "", "0", String(TRANSFER_MS), "REPLACE"],
					...["AUTH2", ...this.login, "KEYS", ...keys],
				],
				ANSWER_MS,
			);
		});
		const tookMs = performance.now() - startedAt;
		if (tookMs < BUSY_MS.least) this.keysAtOnce = Math.min(KEYS.most, this.keysAtOnce * 2);
		if (tookMs > BUSY_MS.most) this.keysAtOnce = Math.max(KEYS.least, this.keysAtOnce >> 1);
	}
}

interface SlotChange {
	slot: number;
	state: readonly string[];
	/** The engine's answer when that has been done before. */
	allowed: RegExp | null;
}

async function setSlots(engine: EngineConnection, changes: readonly SlotChange[]): Promise<void> {
	await together(engine, changes, async ({ slot, state, allowed }) => {
		try {
			await engine.command(["CLUSTER", "SETSLOT", String(slot), ...state], ANSWER_MS);
		} catch (error) {
			const isSo = error instanceof EngineCommandError && allowed?.test(error.message);
			if (!isSo) throw error;
		}
	});
}

/** Sends all in one packet, waits for all answers, and throws the first failure. */
async function together<T, R>(
	engine: EngineConnection,
	items: readonly T[],
	send: (item: T) => Promise<R>,
): Promise<R[]> {
	const results = await Promise.allSettled(engine.together(() => items.map(send)));
	return results.map((result) => {
		if (result.status === "rejected") throw result.reason;
		return result.value;
	});
}

/** Lists of keys, each of one slot, in groups of at most `most` keys. */
function inLoads(lists: readonly (readonly string[])[], most: number): (readonly string[])[][] {
	const loads: (readonly string[])[][] = [];
	let count = most;
	for (const list of lists) {
		if (count + list.length > most) {
			loads.push([]);
			count = 0;
		}
		loads.at(-1)?.push(list);
		count += list.length;
	}
	return loads;
}

function textsOf(answer: RespValue): string[] {
	return Array.isArray(answer) ? answer.map(String) : [];
}
