import type { Answer, Question } from "dns-packet";
import type { DnsName, Names } from "../../server/contract/names.ts";
import type { Query, Reply } from "./dns-message.ts";

/** Clients and resolvers keep an answer this long, and so may hold the address of a host that is gone. */
const TTL_SECONDS = 5;

/** Where a name leads now, as IPv4 addresses. */
export type AddressesOf = (record: DnsName) => Promise<string[]>;

/** The zone as its own server knows it. It answers no questions about names outside, and asks no other server. */
export class Zone {
	private readonly zone: string;
	private readonly records: ReadonlyMap<string, DnsName>;
	private readonly servers: readonly DnsName[];
	/** Names that have no record of their own, but have names below them. */
	private readonly parents: ReadonlySet<string>;
	private readonly addressesOf: AddressesOf;

	constructor({ zone, names }: Names, addressesOf: AddressesOf) {
		this.zone = zone;
		this.records = new Map(names.map((record) => [record.name, record]));
		this.servers = names.filter(({ kind }) => kind === "server");
		this.parents = new Set(this.servers.map(({ name }) => name.slice(name.indexOf(".") + 1)));
		this.addressesOf = addressesOf;
	}

	async answer({ question, isStandard }: Query): Promise<Reply> {
		if (!isStandard) return { rcode: "NOTIMP" };
		if (question === null) return { rcode: "FORMERR" };
		const name = this.within(question);
		if (name === null) return { rcode: "REFUSED" };
		if (name === "") return await this.answerApex(question);
		const record = this.records.get(name);
		if (record !== undefined) return await this.answerName(question, record);
		return this.nothing(this.parents.has(name) ? "NOERROR" : "NXDOMAIN");
	}

	/**
	 * The question's name without the zone, in lower case. Null if it is outside the zone, isn't about the internet, or asks
	 * for a copy of the zone.
	 */
	private within(question: Question): string | null {
		if (question.class !== "IN" && !isAny(question.class)) return null;
		if (question.type === "AXFR" || question.type === "IXFR") return null;
		const name = question.name.toLowerCase();
		if (name === this.zone) return "";
		return name.endsWith(`.${this.zone}`) ? name.slice(0, -this.zone.length - 1) : null;
	}

	/** The zone's own name: its authority and its servers. */
	private async answerApex({ name, type }: Question): Promise<Reply> {
		if (type === "SOA") return { rcode: "NOERROR", records: { answers: [this.soa(name)] } };
		if (type !== "NS" && !isAny(type)) return this.nothing("NOERROR");
		const answers = this.servers.map((server): Answer => {
			return { type: "NS", name, ttl: TTL_SECONDS, data: this.full(server.name) };
		});
		const additionals = await Promise.all(
			this.servers.map((server) => this.addresses(this.full(server.name), server)),
		);
		return { rcode: "NOERROR", records: { answers, additionals: additionals.flat() } };
	}

	private async answerName({ name, type }: Question, record: DnsName): Promise<Reply> {
		if (type !== "A" && !isAny(type)) return this.nothing("NOERROR");
		const answers = await this.addresses(name, record);
		if (answers.length === 0) return this.nothing("NOERROR");
		return { rcode: "NOERROR", records: { answers } };
	}

	/** NXDOMAIN: there is no such name. NOERROR: it has no record of that type. */
	private nothing(rcode: "NOERROR" | "NXDOMAIN"): Reply {
		return { rcode, records: { authorities: [this.soa(this.zone)] } };
	}

	private async addresses(name: string, record: DnsName): Promise<Answer[]> {
		const addresses = await this.addressesOf(record);
		return addresses.map((data) => ({ type: "A", name, ttl: TTL_SECONDS, data }));
	}

	private soa(name: string): Answer {
		return {
			...{ type: "SOA", name, ttl: TTL_SECONDS },
			data: {
				...{ mname: this.full("1.ns"), rname: this.full("hostmaster"), serial: 1 },
				// No server copies the zone. `minimum` says how long resolvers remember that a name doesn't exist.
				...{ refresh: 3_600, retry: 600, expire: 86_400, minimum: TTL_SECONDS },
			},
		};
	}

	private full(name: string): string {
		return `${name}.${this.zone}`;
	}
}

/** The library's types lack ANY. */
function isAny(typeOrClass: string | undefined): boolean {
	return typeOrClass === "ANY";
}
