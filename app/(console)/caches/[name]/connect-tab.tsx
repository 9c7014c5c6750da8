"use client";

import { Button } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import { Eye, EyeOff, Plug } from "lucide-react";
import { useState } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import type { Protocol } from "../../../../server/contract/enums.ts";
import { useIsViewer } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { CodeBlock } from "../../../_ui/code-block.tsx";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { EmptyState, ProblemBanner } from "../../../_ui/notices.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Segmented } from "../../../_ui/segmented.tsx";
import { addressOf, EndpointsPanel } from "./endpoints-panel.tsx";
import { NamesPanel } from "./names-panel.tsx";
import type { Snippet } from "./snippet-text.ts";
import { readingEndpoint, snippetsFor, startingEndpoint } from "./snippets.ts";
import { STRATEGIES, STRATEGY_WORDS, strategySnippetsFor } from "./strategy-snippets.ts";

const ENDPOINT_OPTIONS = [
	{ value: "primary", label: "Reads and writes" },
	{ value: "reader", label: "Reads only" },
] as const;

const USE_OPTIONS = [
	{ value: "connect", label: "Connect" },
	...STRATEGIES.map(({ id, label }) => ({ value: id, label })),
] as const;

/** Which clients can use a serverless cache. */
const CLIENT_WORDS: Readonly<Record<Protocol, string>> = {
	cluster:
		"These are cluster clients: they begin at the configuration endpoint, and find the data from there however the cache is scaled. A client without cluster support, such as most queues, needs a serverless cache with the standard protocol.",
	standard:
		"Any client works, with its cluster support off. The endpoints stay the same however the cache is scaled.",
};

const MASK = "••••••••••••••••";

/** A cache's password, hidden until it is requested. The control plane audits each request. */
function useSecret(name: string) {
	const trpc = useTRPC();
	const credentials = useMutation(trpc.caches.credentials.mutationOptions({ gcTime: 0 }));
	const [isShown, setShown] = useState(false);
	const fetch = async (): Promise<string> => {
		const known = credentials.data ?? (await credentials.mutateAsync({ name }));
		return known.password ?? "";
	};
	const toggle = async () => {
		if (!isShown) await fetch();
		setShown((shown) => !shown);
	};
	return {
		fetch,
		toggle: () => void toggle().catch(() => setShown(false)),
		isPending: credentials.isPending,
		error: credentials.error,
		/** null while hidden. */
		shown: isShown ? (credentials.data?.password ?? null) : null,
	};
}

export function ConnectTab({ cache }: { cache: Cache }) {
	const { params, change } = useUrlParams();
	const secret = useSecret(cache.name);
	const maySee = !useIsViewer();
	const reader = readingEndpoint(cache);
	const strategy = STRATEGIES.find(({ id }) => id === params.get("use"))?.id ?? null;
	// What a strategy reads must be current.
	const readsOnly = strategy === null && reader !== null && params.get("endpoint") === "reader";
	const endpoint = readsOnly ? reader : startingEndpoint(cache);
	const snippets: readonly Snippet[] =
		strategy === null
			? // A queue writes.
				snippetsFor(cache).filter(({ id }) => !readsOnly || id !== "bullmq")
			: strategySnippetsFor(cache).map(({ code, ...snippet }) => ({
					...snippet,
					code: (access) => code(access, strategy),
				}));
	const snippet = snippets.find(({ id }) => id === params.get("client")) ?? snippets[0];
	if (endpoint === null || snippet === undefined) {
		return (
			<Panel flush>
				<EmptyState icon={Plug} title="Nothing to connect to yet">
					The endpoint appears here as soon as the nodes are placed.
				</EmptyState>
			</Panel>
		);
	}
	const hasPassword = cache.auth.mode === "password";
	const codeWith = (password: string | null) =>
		snippet.code({
			endpoint,
			nodes: cache.kind === "serverless" ? [endpoint] : cache.endpoints.nodes,
			username: cache.auth.username,
			password,
			readsOnly,
		});
	return (
		<div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_21.5rem]">
			<Panel
				title="Connect"
				aside={<code className="font-mono text-xs">{addressOf(endpoint)}</code>}
			>
				<div className="flex flex-wrap gap-2">
					<Segmented
						label="Use"
						value={strategy ?? "connect"}
						options={USE_OPTIONS}
						onChange={(use) => change({ use: use === "connect" ? null : use })}
					/>
					{reader !== null && strategy === null && (
						<Segmented
							label="Endpoint"
							value={readsOnly ? "reader" : "primary"}
							options={ENDPOINT_OPTIONS}
							onChange={(chosen) => change({ endpoint: chosen === "reader" ? chosen : null })}
						/>
					)}
					<Segmented
						label="Client"
						value={snippet.id}
						options={snippets.map(({ id, label }) => ({ value: id, label }))}
						onChange={(client) => change({ client })}
					/>
				</div>
				{strategy !== null && (
					<p className="mt-3 text-[0.8125rem] text-pretty text-muted">{STRATEGY_WORDS[strategy]}</p>
				)}
				{cache.protocol !== null && (
					<p className="mt-3 text-[0.8125rem] text-pretty text-muted">
						{CLIENT_WORDS[cache.protocol]}
					</p>
				)}
				<div className="mt-4 flex flex-col gap-3">
					{snippet.install !== null && (
						<CodeBlock code={snippet.install} copyLabel="Copy install command" />
					)}
					{strategy !== null && (
						<p className="text-xs text-pretty text-muted">
							<code className="font-mono">npm pack -w patterns</code>, in Larder's checkout, makes
							the package. <code className="font-mono">database</code> stands for your own code.
						</p>
					)}
					<CodeBlock
						code={codeWith(hasPassword ? (secret.shown ?? MASK) : null)}
						copyLabel="Copy snippet"
						{...(hasPassword && maySee
							? { copyText: async () => codeWith(await secret.fetch()) }
							: {})}
					/>
					<p className="text-xs text-muted">
						{hasPassword && !maySee
							? "Replace the dots with the password."
							: hasPassword
								? "The copied snippet contains the real password, even while it is hidden here. Keep it out of shared code."
								: "This cache has no password: any client that reaches its port can read and write."}
					</p>
					{cache.engine !== "memcached" && cache.clusterMode === "disabled" && (
						<p className="text-xs text-muted">
							If your client is configured for Sentinel, turn that off and connect to the primary
							endpoint, which follows every failover. Larder's Sentinels don't accept connections
							from applications.
						</p>
					)}
				</div>
			</Panel>
			<div className="flex min-w-0 flex-col gap-4">
				{hasPassword && <PasswordPanel cache={cache} secret={secret} />}
				<EndpointsPanel cache={cache} />
				<NamesPanel cache={cache} />
			</div>
		</div>
	);
}

function PasswordPanel({ cache, secret }: { cache: Cache; secret: ReturnType<typeof useSecret> }) {
	const isShown = secret.shown !== null;
	return (
		<Panel title="Password">
			<div className="flex flex-col gap-2.5">
				{secret.error !== null && (
					<ProblemBanner title="The password couldn't be read" error={secret.error} />
				)}
				{cache.auth.username !== null && (
					<p className="text-[0.8125rem] text-muted">
						User <code className="font-mono text-foreground">{cache.auth.username}</code>
					</p>
				)}
				<ForAdministrators
					otherwise={
						<p className="text-xs text-muted">Viewers can't see passwords. Ask an administrator.</p>
					}
				>
					<div className="flex items-center gap-1">
						<code
							data-secret={isShown ? "shown" : "hidden"}
							className="min-w-0 flex-1 font-mono text-[0.8125rem] break-all"
						>
							{secret.shown ?? MASK}
						</code>
						<CopyButton text={secret.fetch} label="Copy password" />
					</div>
					<Button size="sm" variant="outline" isPending={secret.isPending} onPress={secret.toggle}>
						{isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
						{isShown ? "Hide password" : "Reveal password"}
					</Button>
					<p className="text-xs text-muted">
						Revealing or copying it is recorded in the audit log.
					</p>
				</ForAdministrators>
			</div>
		</Panel>
	);
}
