"use client";

import { type ChangeEvent, useId } from "react";
import { formatBytes } from "../../_lib/format/bytes.ts";
import { plural } from "../../_lib/format/count.ts";

interface FilesFieldProps {
	files: readonly File[];
	onChange: (files: readonly File[]) => void;
	hint: string;
}

const collator = new Intl.Collator("en", { numeric: true });

/** RDB files, in the order of their names: one for each shard. */
export function FilesField({ files, onChange, hint }: FilesFieldProps) {
	const id = useId();
	const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
		const chosen = [...(target.files ?? [])];
		onChange(chosen.sort((a, b) => collator.compare(a.name, b.name)));
	};
	const bytes = files.reduce((sum, { size }) => sum + size, 0);
	return (
		<div className="flex min-w-0 flex-col gap-1.5">
			<label htmlFor={id} className="text-sm font-medium">
				RDB files
			</label>
			<input
				id={id}
				type="file"
				accept=".rdb"
				multiple
				onChange={choose}
				className="w-full min-w-0 rounded-lg border border-border bg-surface text-[0.8125rem] file:mr-3 file:cursor-pointer file:border-0 file:bg-default file:px-3 file:py-2 file:font-medium"
			/>
			<p className="text-xs text-pretty text-muted">
				{files.length === 0 ? hint : `${plural(files.length, "file")}, ${formatBytes(bytes)}.`}
			</p>
		</div>
	);
}
