import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

/** One call of an agent, and the answer. */
export interface Frame {
	procedure: string;
	request: unknown;
	answer: unknown;
}

/** Stands between an agent and its control plane, and keeps each frame that shows a form not seen before. */
export class FrameRecorder {
	readonly frames: Frame[] = [];
	private readonly seen = new Set<string>();
	private readonly server = createServer((incoming, outgoing) => {
		this.pass(incoming).then(
			({ status, text }) => {
				outgoing.writeHead(status, { "content-type": "application/json" });
				outgoing.end(text);
			},
			() => outgoing.destroy(),
		);
	});
	private target = "";

	/** Passes calls on to the control plane at `target`, and returns the address that agents should call. */
	async start(target: string): Promise<string> {
		this.target = target;
		this.server.listen(0, "127.0.0.1");
		await once(this.server, "listening");
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, "close");
	}

	private async pass(incoming: IncomingMessage): Promise<{ status: number; text: string }> {
		const body = await textOf(incoming);
		const { authorization = "" } = incoming.headers;
		const outgoing = request(new URL(incoming.url ?? "", this.target), {
			method: "POST",
			headers: { authorization, "content-type": "application/json" },
		});
		outgoing.end(body);
		const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
		const text = await textOf(answer);
		const status = answer.statusCode ?? 0;
		if (status === 200) {
			const { result } = JSON.parse(text) as { result: { data: unknown } };
			const procedure = incoming.url?.split("/").at(-1) ?? "";
			this.keep({ procedure, request: JSON.parse(body), answer: result.data });
		}
		return { status, text };
	}

	private keep(frame: Frame): void {
		const forms = formsIn(frame, "").map((form) => `${frame.procedure} ${form}`);
		if (forms.every((form) => this.seen.has(form))) return;
		for (const form of forms) this.seen.add(form);
		this.frames.push(frame);
	}
}

/** The paths and kinds of values, such as `.request.facts: null`; short words count by their value too. */
function formsIn(value: unknown, path: string): string[] {
	if (Array.isArray(value)) return value.flatMap((each) => formsIn(each, `${path}[]`));
	if (typeof value !== "object" || value === null) {
		const isWord = typeof value === "string" && /^[a-z][a-z-]{1,20}$/.test(value);
		return [`${path}: ${value === null ? "null" : isWord ? value : typeof value}`];
	}
	return Object.entries(value).flatMap(([key, each]) => {
		return formsIn(each, `${path}.${/^[0-9a-f-]{20,}$/.test(key) ? "*" : key}`);
	});
}

async function textOf(message: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of message) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString("utf8");
}
