"use client";

import { ChevronRight } from "lucide-react";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { CodeBlock } from "../../_ui/code-block.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { exampleCall } from "./example-call.ts";
import {
	type OpenApi,
	type Operation,
	objectIn,
	resolve,
	type Schema,
	typeWords,
} from "./openapi.ts";

const METHOD_TONES: Readonly<Record<string, string>> = {
	GET: "bg-default text-foreground",
	POST: "bg-accent-soft text-accent-soft-foreground",
	DELETE: "bg-danger-soft text-danger-soft-foreground",
};

interface Field {
	name: string;
	type: string;
	isRequired: boolean;
	description: string;
	fallback: unknown;
	nested: Schema | null;
}

function fieldsOf(schema: Schema, document: OpenApi): Field[] {
	return Object.entries(schema.properties ?? {}).map(([name, field]) => {
		const own = resolve(field, document);
		return {
			name,
			type: typeWords(field, document),
			isRequired: schema.required?.includes(name) === true,
			description: field.description ?? own.description ?? "",
			fallback: own.default,
			nested: objectIn(field, document),
		};
	});
}

const FIELD_COLUMNS: readonly Column<Field>[] = [
	{
		id: "name",
		header: "Field",
		lead: true,
		cell: (field) => (
			<span className="whitespace-nowrap">
				<code className="font-mono text-xs font-semibold">{field.name}</code>
				{field.isRequired && <span className="ml-1.5 text-xs text-muted">required</span>}
			</span>
		),
	},
	{
		id: "type",
		header: "Type",
		cell: (field) => <code className="font-mono text-xs break-words text-muted">{field.type}</code>,
	},
	{
		id: "description",
		header: "Description",
		cell: (field) =>
			(field.description !== "" || field.fallback !== undefined) && (
				<span className="text-[0.8125rem]">
					{field.description}
					{field.fallback !== undefined && (
						<span className="text-muted">
							{field.description === "" ? "" : " · "}default{" "}
							<code className="font-mono text-xs">{JSON.stringify(field.fallback)}</code>
						</span>
					)}
				</span>
			),
	},
];

const DEPTH_SHOWN = 3;

interface FoldProps {
	summary: ReactNode;
	children: () => ReactNode;
	className?: string;
}

/** Renders its content only once it is opened: the fields of all responses are most of the reference. */
function Fold({ summary, children, className = "" }: FoldProps) {
	const [wasOpened, setWasOpened] = useState(false);
	return (
		<details className={className} onToggle={() => setWasOpened(true)}>
			<summary className="flex w-fit cursor-pointer list-none items-center gap-2 hover:text-foreground">
				{summary}
				<ChevronRight
					aria-hidden
					className="size-3.5 text-muted [details[open]>summary>&]:rotate-90"
				/>
			</summary>
			{wasOpened && children()}
		</details>
	);
}

function SchemaFields(props: { label: string; schema: Schema; document: OpenApi; depth?: number }) {
	const { label, schema, document, depth = 0 } = props;
	const fields = fieldsOf(schema, document);
	const nested = fields.flatMap(({ name, nested }) =>
		nested === null || depth + 1 >= DEPTH_SHOWN ? [] : [{ name, nested }],
	);
	return (
		<>
			<div className="overflow-hidden rounded-lg border border-border">
				<DataTable
					label={label}
					columns={FIELD_COLUMNS}
					rows={fields}
					rowKey={(field) => field.name}
				/>
			</div>
			{nested.map(({ name, nested }) => (
				<Fold
					key={name}
					className="mt-2 text-[0.8125rem] text-muted"
					summary={
						<>
							Fields of <code className="font-mono text-xs">{name}</code>
						</>
					}
				>
					{() => (
						<div className="mt-2 ml-4 text-foreground">
							<SchemaFields
								label={`Fields of ${name}`}
								schema={nested}
								document={document}
								depth={depth + 1}
							/>
						</div>
					)}
				</Fold>
			))}
		</>
	);
}

const noSubscription = () => () => {};

function Heading({ children }: { children: string }) {
	return <h4 className="mt-5 mb-2 text-[0.8125rem] font-semibold">{children}</h4>;
}

/** One call: what it takes, what it returns, and how to make it. */
export function OperationPanel({
	operation,
	document,
}: {
	operation: Operation;
	document: OpenApi;
}) {
	const origin = useSyncExternalStore(
		noSubscription,
		() => window.location.origin,
		() => "",
	);
	const { id, method, path, summary, description, parameters, body, responses } = operation;
	const bodyObject = body === null ? null : objectIn(body, document);
	const parameterFields = parameters.map(
		(parameter): Field => ({
			name: parameter.name,
			type: `${parameter.in}: ${typeWords(parameter.schema ?? {}, document)}`,
			isRequired: parameter.required,
			description: parameter.description ?? parameter.schema?.description ?? "",
			fallback: parameter.schema?.default,
			nested: null,
		}),
	);
	return (
		<article
			id={id}
			className="min-w-0 scroll-mt-17 rounded-xl border border-border bg-surface px-4 py-4 shadow-panel"
		>
			<h3 className="text-[0.9375rem] font-semibold">{summary}</h3>
			<p className="mt-1.5 flex flex-wrap items-center gap-2">
				<span
					className={`rounded-md px-1.5 py-0.5 font-mono text-xs font-semibold ${METHOD_TONES[method] ?? "bg-default"}`}
				>
					{method}
				</span>
				<code className="min-w-0 font-mono text-[0.8125rem] break-all">{path}</code>
			</p>
			{description !== null && <p className="mt-2 text-sm text-muted">{description}</p>}
			{parameterFields.length > 0 && (
				<>
					<Heading>Parameters</Heading>
					<div className="overflow-hidden rounded-lg border border-border">
						<DataTable
							label={`Parameters of ${summary}`}
							columns={FIELD_COLUMNS}
							rows={parameterFields}
							rowKey={(field) => field.name}
						/>
					</div>
				</>
			)}
			{bodyObject !== null && (
				<>
					<Heading>Body</Heading>
					<SchemaFields label={`Body of ${summary}`} schema={bodyObject} document={document} />
				</>
			)}
			<Heading>Responses</Heading>
			<ul className="flex flex-col gap-2">
				{responses.map((response) => (
					<Response key={response.status} {...response} document={document} />
				))}
			</ul>
			<Heading>Example</Heading>
			<CodeBlock
				code={exampleCall(operation, document, origin)}
				copyLabel={`Copy example: ${summary}`}
			/>
		</article>
	);
}

function Response(props: {
	status: string;
	description: string;
	schema: Schema | null;
	document: OpenApi;
}) {
	const { status, description, schema, document } = props;
	const fields = schema === null ? null : objectIn(schema, document);
	const line = (
		<>
			<code className="font-mono text-xs font-semibold">{status}</code>
			<span className="text-[0.8125rem] text-muted">{description}</span>
		</>
	);
	if (fields === null) return <li className="flex items-baseline gap-2">{line}</li>;
	return (
		<li>
			<Fold summary={line}>
				{() => (
					<div className="mt-2">
						<SchemaFields
							label={`Fields of response ${status}`}
							schema={fields}
							document={document}
						/>
					</div>
				)}
			</Fold>
		</li>
	);
}
