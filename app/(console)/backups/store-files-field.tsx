"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { formatBytes } from "../../_lib/format/bytes.ts";
import { plural } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { CheckField } from "../../_ui/check-field.tsx";
import { SearchBox } from "../../_ui/search-box.tsx";

const LISTED_MAX = 1_000;
/** Of Larder's own, and no RDB files. */
const OTHER_FILES = /(\.backup|\.json)$/;

interface StoreFilesFieldProps {
	store: string;
	keys: readonly string[];
	onChange: (keys: readonly string[]) => void;
}

/** Files that are in a store already: one for each shard, in the order of their names. */
export function StoreFilesField({ store, keys, onChange }: StoreFilesFieldProps) {
	const trpc = useTRPC();
	const id = useId();
	const [search, setSearch] = useState("");
	const { data, error, isPending } = useQuery(
		trpc.stores.objects.queryOptions(
			{ name: store, limit: LISTED_MAX },
			{ placeholderData: keepPreviousData },
		),
	);
	const files = (data?.items ?? []).filter(({ key }) => !OTHER_FILES.test(key));
	const shown = files.filter(({ key }) => key.toLowerCase().includes(search.trim().toLowerCase()));
	const toggle = (key: string, isChosen: boolean) =>
		onChange(isChosen ? [...keys, key].sort() : keys.filter((each) => each !== key));
	const note = isPending
		? "Loading the store's files."
		: error !== null
			? `The store's files can't be listed. ${toApiProblem(error).message}`
			: files.length === 0
				? "There is nothing to import in this store."
				: data?.isWhole === false
					? `The first ${LISTED_MAX.toLocaleString("en-US")} files. Use the command line for others.`
					: keys.length === 0
						? "For a cluster, one file for each shard."
						: `${plural(keys.length, "file")} chosen.`;
	return (
		<fieldset className="flex min-w-0 flex-col gap-1.5" aria-describedby={id}>
			<legend className="mb-1.5 text-sm font-medium">Files in the store</legend>
			{files.length > 8 && (
				<SearchBox
					label="Search the store's files"
					placeholder="Part of a path"
					value={search}
					onChange={setSearch}
					className="w-full"
				/>
			)}
			{shown.length > 0 && (
				<ul className="flex max-h-56 flex-col gap-1 overflow-y-auto rounded-lg border border-border px-3 py-2">
					{shown.map(({ key, bytes }) => (
						<li key={key} className="flex items-center justify-between gap-3 text-[0.8125rem]">
							<span className="min-w-0 wrap-anywhere">
								<CheckField
									label={key}
									isChecked={keys.includes(key)}
									onChange={(isChosen) => toggle(key, isChosen)}
								/>
							</span>
							<span className="shrink-0 text-muted tabular-nums">{formatBytes(bytes)}</span>
						</li>
					))}
				</ul>
			)}
			<p
				id={id}
				className={`text-xs ${error === null ? "text-muted" : "text-danger-soft-foreground"}`}
			>
				{note}
			</p>
		</fieldset>
	);
}
