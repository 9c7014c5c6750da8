import type { Logger } from "../../platform/logger.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { HostWarning } from "../../server/contract/host.ts";
import type { NewEvent } from "../control/outbox.ts";
import type { GatewayLoad } from "../gateway/gateway-load.ts";
import { Rounds } from "../rounds.ts";
import { gatewayWarnings } from "./gateway-warnings.ts";
import { readMachineFacts } from "./machine-facts.ts";
import { machineWarnings } from "./machine-warnings.ts";

const EVERY_MS = 5_000;

/** Checks the machine every few seconds. A warning disappears when its cause is gone. */
export class MachineWatch {
	private readonly options: {
		homeDir: string;
		assignments: () => readonly Assignment[];
		/** Null while the host's gateway doesn't run or answer. */
		gatewayLoad: () => Promise<GatewayLoad | null>;
		onChange: () => void;
		onEvent: (event: NewEvent) => void;
		logger: Logger;
	};
	private readonly rounds = new Rounds(() => this.look(), EVERY_MS);
	private current: readonly HostWarning[] | null = null;

	constructor(options: MachineWatch["options"]) {
		this.options = options;
	}

	/** Null before the first look. */
	warnings(): HostWarning[] | null {
		return this.current === null ? null : [...this.current];
	}

	async start(): Promise<void> {
		await this.look();
		this.rounds.start();
	}

	stop(): void {
		this.rounds.stop();
	}

	private async look(): Promise<void> {
		const { homeDir, assignments, gatewayLoad, onChange, onEvent, logger } = this.options;
		const before = this.current ?? [];
		const load = await gatewayLoad();
		const wasFull = before.some(isOfGateway);
		const next = [
			...machineWarnings(await readMachineFacts(homeDir, assignments()), homeDir),
			...gatewayWarnings(load, wasFull),
		];
		if (JSON.stringify(next) === JSON.stringify(this.current)) return;
		this.current = next;
		const began = next.filter(({ code }) => before.every((each) => each.code !== code));
		for (const { code, message, remedy, command } of began) {
			logger.warn({ code, remedy, command }, message);
		}
		const full = began.filter(isOfGateway).map((warning) => eventOf(warning, "gateway.full"));
		for (const event of [...diskEvents(before, next, began), ...full]) onEvent(event);
		onChange();
	}
}

const isOfDisk = ({ code }: HostWarning) => code.startsWith("disk-");

const isOfGateway = ({ code }: HostWarning) => code === "gateway-full";

/** A disk or gateway may become full at any time, so that is an event; other causes exist from the start. */
function diskEvents(
	before: readonly HostWarning[],
	next: readonly HostWarning[],
	began: readonly HostWarning[],
): NewEvent[] {
	const full = began.filter(isOfDisk);
	if (full.length === 0 && before.some(isOfDisk) && !next.some(isOfDisk)) {
		const message = "The disk has space again.";
		return [{ severity: "info", type: "host.disk", message, assignmentId: null }];
	}
	return full.map((warning) => eventOf(warning, "host.disk"));
}

function eventOf({ severity, message, remedy }: HostWarning, type: string): NewEvent {
	return { severity, type, message: `${message} ${remedy}`, assignmentId: null };
}
