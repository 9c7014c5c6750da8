import { setTimeout as pause } from "node:timers/promises";
import { rememberKernelTable } from "../../../platform/kernel-table.ts";
import { runCommand } from "../../bundles/run-command.ts";
import { NftSession } from "./nft-session.ts";
import {
	ALIVE_SECONDS,
	changeLeads,
	createTable,
	type Leads,
	renew,
	tableName,
} from "./ruleset.ts";

const NOTHING: Leads = new Map();
const TIMEOUT_MS = 1_000;

/** The agent's table in the kernel, and what it holds. One call at a time. */
export class KernelTable {
	private readonly homeDir: string;
	private readonly name: string;
	private readonly address: string;
	private session: NftSession | null = null;
	/** Null while what the kernel holds isn't known: after the start, and after an error. */
	private held: Leads | null = null;
	/** When what the kernel holds is out of force, unless it is told again. */
	private lapsesAt = Number.NEGATIVE_INFINITY;
	private program = "";
	private marks = 0;

	constructor(homeDir: string, address: string) {
		this.homeDir = homeDir;
		this.name = tableName(homeDir);
		this.address = address;
	}

	/** Every port with its addresses that the kernel leads to now, if the rules are renewed in time. */
	get leads(): Leads {
		return this.held ?? NOTHING;
	}

	/**
	 * Leads as given, for the next three seconds. Throws if the kernel refuses; what it holds is then out of
	 * force within three seconds.
	 */
	async hold(program: string, leads: Leads): Promise<void> {
		const { homeDir, name, held } = this;
		if (held?.size === 0 && leads.size === 0) return;
		if (held === null) await rememberKernelTable(homeDir, name, program);
		// Read back: then the kernel has carried out the whole transaction.
		this.marks++;
		const changes = changeLeads(name, held ?? NOTHING, leads);
		const statements = [
			...(held === null ? createTable(name) : []),
			...changes,
			...renew(name, this.address, this.marks),
		];
		this.held = null;
		this.program = program;
		const { output, errors } = await this.run(program, statements).finally(() => {
			this.lapsesAt = performance.now() + ALIVE_SECONDS * 1_000;
		});
		if (!output.includes(`comment "${this.marks}"`)) {
			throw new Error(errors || "nft didn't do what it was asked");
		}
		this.held = held !== null && changes.length === 0 ? held : leads;
	}

	/**
	 * Leads nowhere from now on, even if the last transaction failed: takes the rules out of force, or waits
	 * until they are. Existing connections keep going where they went.
	 */
	async release(): Promise<void> {
		this.close();
		const leftMs = this.lapsesAt - performance.now();
		if (leftMs <= 0) return;
		const flush = ["flush", "set", "ip", this.name, "alive"];
		await runCommand(this.program, flush, { timeoutMs: TIMEOUT_MS }).catch(() => pause(leftMs));
		this.lapsesAt = Number.NEGATIVE_INFINITY;
	}

	/** Ends the tool; what the kernel holds runs out by itself. */
	close(): void {
		this.session?.close();
		this.session = null;
		this.held = null;
	}

	private run(program: string, statements: readonly string[]) {
		if (this.session?.open !== true) this.session = new NftSession(program);
		return this.session.run(statements, `list set ip ${this.name} alive`);
	}
}
