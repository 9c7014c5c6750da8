import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { initTRPC, TRPCError } from "@trpc/server";
import { type CreateFastifyContextOptions, fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import Fastify, { type FastifyInstance } from "fastify";
import type { z } from "zod";
import {
	type AlertInput,
	type Assignment,
	alertInputSchema,
	alertResultSchema,
	type DesiredState,
	enrolInputSchema,
	enrolResultSchema,
	type FailoverOrder,
	type GatewayObservation,
	type Notice,
	type Observation,
	type OrderResult,
	type ReportInput,
	type Route,
	type RouteTable,
	reportInputSchema,
	reportResultSchema,
	type SentinelObservation,
	type WatchResult,
	watchInputSchema,
	watchResultSchema,
} from "../../server/contract/agent.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";

/** A notice as a test gives it, without the number that it gets. */
type NewNotice = Notice extends infer One ? (One extends Notice ? Omit<One, "seq"> : never) : never;

/** Of the Sentinels' own doors. */
export const SENTINEL_PASSWORD = "password-of-the-sentinels-doors";

type Held = z.output<typeof watchInputSchema>;

/**
 * The control plane's half of the agent protocol over real HTTP and tRPC, without a database. It remembers what agents
 * report and hands out the desired state that a test sets.
 */
export class FakeControlPlane {
	hostId = randomUUID();
	epoch = 1;
	credential: string | null = null;
	/** Answers 401 to known and unknown alike, as a control plane that lost its database would. */
	forgetful = false;
	/** Answers reports with an error, as one whose database fails. */
	failsToStore = false;
	readonly reports: ReportInput[] = [];
	readonly alerts: AlertInput[] = [];
	/** Those that it failed to store. */
	readonly refusedReports: ReportInput[] = [];
	readonly events: ReportInput["events"] = [];
	readonly metrics: ReportInput["metrics"] = [];
	readonly orderResults: OrderResult[] = [];
	observations: Observation[] | null = null;
	gateway: GatewayObservation | null = null;
	sentinel: SentinelObservation | null = null;
	/** When each observation of the list above arrived. */
	observedAt = 0;
	enrolments = 0;
	/** What every answer to a report names. */
	heartbeatMs: number = AGENT_TIMING.heartbeatMs;
	revision = 0;
	/** Ids of assignments that this one, restored from a backup, looks for. */
	unlocated: string[] = [];
	private assignments: Assignment[] = [];
	private notices: Notice[] = [];
	private routeTable: RouteTable = {
		...{ revision: 0, routes: [], sentinelPassword: SENTINEL_PASSWORD },
	};
	private readonly changes = new EventEmitter();
	private server: FastifyInstance | null = null;
	private port = 0;

	get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	/** Listens on a free port, after a stop on the same one. */
	async start(): Promise<void> {
		const server = Fastify({ forceCloseConnections: true });
		await server.register(fastifyTRPCPlugin, {
			prefix: "/api/agent",
			trpcOptions: {
				router: this.router(),
				createContext: ({ req }: CreateFastifyContextOptions) => ({
					bearer: req.headers.authorization?.replace(/^Bearer /, "") ?? "",
				}),
			},
		});
		await server.listen({ host: "127.0.0.1", port: this.port });
		const address = server.server.address();
		this.port = typeof address === "object" && address !== null ? address.port : 0;
		this.server = server;
	}

	/** Goes away without a word: calls under way are cut off. */
	async stop(): Promise<void> {
		await this.server?.close();
		this.server = null;
	}

	setAssignments(assignments: Assignment[]): void {
		this.assignments = assignments;
		this.revision++;
		this.changes.emit("desired");
	}

	setRoutes(routes: Route[]): void {
		this.routeTable = { ...this.routeTable, revision: this.routeTable.revision + 1, routes };
		this.changes.emit("desired");
	}

	/** Tells the agent at once. */
	notify(notice: NewNotice): void {
		this.notices.push({ ...notice, seq: this.notices.length });
		this.changes.emit("desired");
	}

	/** Gives a failover order, and waits for what becomes of it. */
	async order(order: FailoverOrder): Promise<OrderResult> {
		this.notify({ kind: "failover", order });
		return await this.until("the order's result", () =>
			this.orderResults.find(({ id }) => id === order.id),
		);
	}

	observationOf(assignmentId: string): Observation | undefined {
		return this.observations?.find((each) => each.assignmentId === assignmentId);
	}

	/** Waits until the newest reports fulfil a condition, and answers what it found. Throws with the last word when not. */
	async until<T>(
		what: string,
		find: () => T | undefined | null | false,
		timeoutMs = 15_000,
	): Promise<T> {
		const signal = AbortSignal.timeout(timeoutMs);
		for (;;) {
			const found = find();
			if (found) return found;
			try {
				await once(this.changes, "report", { signal });
			} catch {
				throw new Error(
					`not in ${timeoutMs} ms: ${what}; last: ${JSON.stringify(this.observations)}`,
				);
			}
		}
	}

	private router() {
		const t = initTRPC.context<{ bearer: string }>().create();
		const known = t.procedure.use(({ ctx, next }) => {
			if (this.forgetful || ctx.bearer === "" || ctx.bearer !== this.credential) {
				throw new TRPCError({ code: "UNAUTHORIZED" });
			}
			return next();
		});
		return t.router({
			enrol: t.procedure
				.input(enrolInputSchema)
				.output(enrolResultSchema)
				.mutation(({ input }) => {
					this.enrolments++;
					this.credential = input.credential;
					return { hostId: this.hostId };
				}),
			watch: known
				.input(watchInputSchema)
				.output(watchResultSchema)
				.mutation(async ({ input }) => {
					if (this.isHeld(input)) {
						const signal = AbortSignal.timeout(25_000);
						await once(this.changes, "desired", { signal }).catch(() => {});
					}
					return this.answer(input);
				}),
			alert: known
				.input(alertInputSchema)
				.output(alertResultSchema)
				.mutation(({ input }) => {
					this.alerts.push(input);
					this.changes.emit("report");
					return { accepted: true as const };
				}),
			report: known
				.input(reportInputSchema)
				.output(reportResultSchema)
				.mutation(({ input }) => {
					if (this.failsToStore) {
						this.refusedReports.push(input);
						this.changes.emit("report");
						throw new TRPCError({ code: "INTERNAL_SERVER_ERROR" });
					}
					this.take(input);
					return { accepted: true as const, heartbeatMs: this.heartbeatMs };
				}),
		});
	}

	/** Notices are answered with alone, as the control plane does: they don't wait for its database. */
	private answer(held: Held): WatchResult {
		const { epoch } = this;
		const notices = this.newerNotices(held);
		if (notices.length > 0) return { epoch, desired: null, notices };
		if (this.isHeld(held)) return null;
		return { epoch, desired: this.desired(held.routeRevision), notices };
	}

	private isHeld(held: Held): boolean {
		return (
			held.epoch === this.epoch &&
			held.revision >= this.revision &&
			held.routeRevision >= this.routeTable.revision &&
			this.newerNotices(held).length === 0
		);
	}

	private newerNotices(held: Held): Notice[] {
		const newest = held.epoch === this.epoch ? held.notice : -1;
		return this.notices.filter(({ seq }) => seq > newest);
	}

	private desired(heldRouteRevision: number): DesiredState {
		const { revision, epoch, hostId, assignments } = this;
		const { routeTable } = this;
		return {
			...{ revision, epoch, hostId, assignments, unlocated: this.unlocated },
			routeTable: routeTable.revision > heldRouteRevision ? routeTable : null,
		};
	}

	private take(report: ReportInput): void {
		this.reports.push(report);
		this.events.push(...report.events);
		this.metrics.push(...report.metrics);
		if (report.observations !== null) {
			this.observations = report.observations;
			this.observedAt = performance.now();
		}
		if (report.gateway !== null) this.gateway = report.gateway;
		if (report.sentinel !== null) this.sentinel = report.sentinel;
		this.orderResults.push(...report.orders);
		this.changes.emit("report");
	}
}
