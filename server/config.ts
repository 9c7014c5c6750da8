import { z } from "zod";
import { CLIENT_PORT_RANGE } from "./contract/limits.ts";
import { StartError } from "./platform/start-error.ts";

const portSchema = z.coerce.number().int().min(0).max(65_535);

const environmentSchema = z.object({
	PORT: portSchema.default(3000),
	/** Loopback unless the operator opens it: other hosts and browsers elsewhere need another address. */
	LARDER_BIND: z.string().min(1).default("127.0.0.1"),
	DATABASE_URL: z
		.string()
		.regex(/^postgres(ql)?:\/\//, "must be a postgresql:// URL")
		.optional(),
	LARDER_CLIENT_PORTS: z
		.string()
		.regex(/^\d+-\d+$/, "must look like 6379-7378")
		.default(`${CLIENT_PORT_RANGE.first}-${CLIENT_PORT_RANGE.last}`)
		.transform((text) => {
			const [first = 0, last = 0] = text.split("-").map(Number);
			return { first, last };
		})
		.refine(
			({ first, last }) => first >= 1024 && first <= last && last <= 55_535,
			"must lie within 1024-55535",
		),
	/** `off` serves the APIs alone. */
	LARDER_CONSOLE: z.enum(["on", "off"]).default("on"),
});

export interface ServerConfig {
	port: number;
	bind: string;
	databaseUrl: string | undefined;
	clientPorts: { first: number; last: number };
	console: boolean;
}

/** Reads the environment; throws one StartError that names every variable at fault. Empty variables count as unset. */
export function readConfig(environment: NodeJS.ProcessEnv): ServerConfig {
	const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
	const parsed = environmentSchema.safeParse(set);
	if (!parsed.success) {
		const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
		throw new StartError(`The environment isn't valid. ${faults.join("; ")}`);
	}
	return {
		port: parsed.data.PORT,
		bind: parsed.data.LARDER_BIND,
		databaseUrl: parsed.data.DATABASE_URL,
		clientPorts: parsed.data.LARDER_CLIENT_PORTS,
		console: parsed.data.LARDER_CONSOLE === "on",
	};
}
