"use client";

import { useQuery } from "@tanstack/react-query";
import { ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { BlockSkeleton } from "../../_ui/skeletons.tsx";
import { type OpenApi, openApiSchema, operationsByTag } from "./openapi.ts";
import { OperationPanel } from "./operation-panel.tsx";

const HEAD = PAGE_HEADS["/api-reference"];
/** What people come for first; other tags follow in the document's order. */
const READING_ORDER = ["Caches", "Hosts", "Events", "Catalog", "Tokens", "Account"];
const DOCUMENT_URL = "/api/v1/openapi.json";

async function fetchDocument(): Promise<OpenApi> {
	const response = await fetch(DOCUMENT_URL);
	if (!response.ok) throw new Error(`${DOCUMENT_URL} returned HTTP ${response.status}.`);
	return openApiSchema.parse(await response.json());
}

export function ApiReference() {
	const { data, error, refetch } = useQuery({
		queryKey: ["openapi"],
		queryFn: fetchDocument,
		staleTime: Number.POSITIVE_INFINITY,
	});
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				{...HEAD}
				meta={
					data !== undefined && (
						<span className="text-sm text-muted tabular-nums">{data.info.version}</span>
					)
				}
				description={
					<>
						The console itself uses this API. This page is generated from{" "}
						<a href={DOCUMENT_URL} className="text-accent-soft-foreground underline">
							openapi.json
						</a>{" "}
						(OpenAPI 3.1), which also works with client generators.
					</>
				}
			/>
			{data === undefined && error === null && (
				<BlockSkeleton className="h-96" label="Loading the reference" />
			)}
			{data === undefined && error !== null && (
				<Panel flush>
					<ProblemState
						title="The reference couldn't be loaded"
						error={error}
						onRetry={() => void refetch()}
					/>
				</Panel>
			)}
			{data !== undefined && <Reference document={data} />}
		</>
	);
}

function Reference({ document }: { document: OpenApi }) {
	const rank = (tag: string) => READING_ORDER.indexOf(tag) + 1 || READING_ORDER.length + 1;
	const groups = [...operationsByTag(document)].sort(([a], [b]) => rank(a) - rank(b));
	return (
		<div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_15rem]">
			<div className="flex min-w-0 flex-col gap-8">
				<Basics />
				{groups.map(([tag, operations]) => (
					<section key={tag} aria-labelledby={`tag-${tag}`} className="flex flex-col gap-4">
						<h2 id={`tag-${tag}`} className="scroll-mt-20 text-lg font-semibold">
							{tag}
						</h2>
						{operations.map((operation) => (
							<OperationPanel key={operation.id} operation={operation} document={document} />
						))}
					</section>
				))}
			</div>
			<nav
				aria-label="Operations"
				className="sticky top-17 hidden max-h-[calc(100dvh-6rem)] overflow-y-auto text-[0.8125rem] xl:block"
			>
				{groups.map(([tag, operations]) => (
					<div key={tag} className="mb-4">
						<p className="mb-1 font-semibold">{tag}</p>
						<ul className="flex flex-col">
							{operations.map(({ id, summary }) => (
								<li key={id}>
									<a href={`#${id}`} className="block py-1 text-muted hover:text-foreground">
										{summary}
									</a>
								</li>
							))}
						</ul>
					</div>
				))}
			</nav>
		</div>
	);
}

function Basics() {
	return (
		<Panel title="Basics">
			<ul className="flex list-disc flex-col gap-1.5 pl-4 text-sm marker:text-muted">
				<li>
					Send an API token as <code className="font-mono text-xs">Authorization: Bearer …</code>.
				</li>
				<li>
					Calls that change something accept an{" "}
					<code className="font-mono text-xs">Idempotency-Key</code>. Repeating a call with the same
					key and body returns the first call's response.
				</li>
				<li>
					Lists return <code className="font-mono text-xs">{'{"items": […], "nextCursor"}'}</code>.
					To get the next page, pass <code className="font-mono text-xs">cursor</code>.
				</li>
				<li>
					Errors return{" "}
					<code className="font-mono text-xs break-words">
						{'{"error": {"code", "message", "field"?, "requestId"}}'}
					</code>
					. Codes are stable; messages are for people.
				</li>
			</ul>
		</Panel>
	);
}
