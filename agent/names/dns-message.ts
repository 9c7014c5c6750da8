import {
	type Answer,
	AUTHORITATIVE_ANSWER,
	decode,
	encode,
	type Question,
	RECURSION_DESIRED,
	TRUNCATED_RESPONSE,
} from "dns-packet";

/** Without EDNS, a message over UDP may have this many bytes. */
const PLAIN_BYTES = 512;
/** Passes every network without being fragmented. */
const EDNS_BYTES = 1_232;

export const RCODES = {
	NOERROR: 0,
	FORMERR: 1,
	NXDOMAIN: 3,
	NOTIMP: 4,
	REFUSED: 5,
} as const;

export interface Query {
	readonly id: number;
	/** Null unless it asks exactly one thing, in characters that host names may have. */
	readonly question: Question | null;
	readonly isStandard: boolean;
	readonly recursionDesired: boolean;
	readonly usesEdns: boolean;
	/** The largest answer that the client takes over UDP. */
	readonly bytesMax: number;
}

export interface Reply {
	readonly rcode: keyof typeof RCODES;
	/** Absent where this server has no authority. */
	readonly records?: {
		readonly answers?: Answer[];
		readonly authorities?: Answer[];
		readonly additionals?: Answer[];
	};
}

/** Null for what must not be answered: it can't be read, or is an answer itself. */
export function readQuery(message: Buffer): Query | null {
	try {
		const { id = 0, type, flags = 0, questions = [], additionals = [] } = decode(message);
		if (type !== "query") return null;
		const edns = additionals.find((record) => record.type === "OPT");
		const [question = null] = questions;
		const isPlain = questions.length === 1 && /^[\w.-]*$/.test(question?.name ?? "");
		return {
			id,
			question: isPlain ? question : null,
			isStandard: ((flags >> 11) & 0xf) === 0,
			recursionDesired: (flags & RECURSION_DESIRED) !== 0,
			usesEdns: edns !== undefined,
			bytesMax: Math.min(EDNS_BYTES, Math.max(PLAIN_BYTES, edns?.udpPayloadSize ?? 0)),
		};
	} catch {
		// A stranger's bytes: answering them would only help whoever forged them.
		return null;
	}
}

/** Leaves out the records of a reply that is larger than `bytesMax`: the client asks again over TCP. */
export function writeReply(query: Query, { rcode, records }: Reply, bytesMax: number): Buffer {
	const flags =
		RCODES[rcode] |
		(records === undefined ? 0 : AUTHORITATIVE_ANSWER) |
		(query.recursionDesired ? RECURSION_DESIRED : 0);
	const message = {
		...{ id: query.id, type: "response" as const, flags },
		questions: query.question === null ? [] : [query.question],
	};
	const edns = query.usesEdns ? [EDNS] : [];
	const additionals = [...(records?.additionals ?? []), ...edns];
	const whole = encode({ ...message, ...records, additionals });
	if (whole.length <= bytesMax) return whole;
	return encode({ ...message, flags: flags | TRUNCATED_RESPONSE, additionals: edns });
}

const EDNS: Answer = {
	...{ type: "OPT", name: ".", udpPayloadSize: EDNS_BYTES },
	...{ extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
};
