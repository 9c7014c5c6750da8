"use client";

import { Kbd } from "@heroui/react";
import { CornerDownLeft, Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { plural } from "../../_lib/format/count.ts";
import { classNames } from "../class-names.ts";
import { Status } from "../status.tsx";
import { rankEntries } from "./rank-entries.ts";
import { useHeldFocus } from "./use-held-focus.ts";
import { type PaletteEntry, usePaletteEntries } from "./use-palette-entries.ts";

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

interface PaletteDialogProps {
	/** False while it closes. */
	isOpen: boolean;
	onClose: () => void;
}

/** A combobox over everything: focus stays in the input, arrows move, Enter chooses. */
export function PaletteDialog({ isOpen, onClose }: PaletteDialogProps) {
	const input = useRef<HTMLInputElement>(null);
	useHeldFocus(input, isOpen);
	const [query, setQuery] = useState("");
	const [activeId, setActiveId] = useState<string | null>(null);
	const listId = useId();
	const entries = usePaletteEntries(true, query);
	const groups = useMemo(() => rankEntries(entries, query), [entries, query]);
	const flat = useMemo(() => groups.flatMap((group) => group.entries), [groups]);
	const active = flat.find(({ id }) => id === activeId) ?? flat[0];

	const run = (entry: PaletteEntry) => {
		onClose();
		entry.run();
	};
	const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
		const step = STEPS[event.key];
		if (step !== undefined && flat.length > 0) {
			event.preventDefault();
			const index = active === undefined ? -1 : flat.indexOf(active);
			setActiveId(flat[(index + step + flat.length) % flat.length]?.id ?? null);
		} else if (event.key === "Enter" && active !== undefined) {
			event.preventDefault();
			run(active);
		}
	};
	return (
		<>
			<div className="flex items-center gap-2.5 border-b border-border px-4">
				<Search aria-hidden className="size-4.5 shrink-0 text-muted" />
				<input
					ref={input}
					// biome-ignore lint/a11y/noAutofocus: whoever opens the search wants to type
					autoFocus
					role="combobox"
					aria-label="Search caches, hosts, pages and actions"
					aria-expanded="true"
					aria-controls={listId}
					aria-activedescendant={active === undefined ? undefined : `${listId}:${active.id}`}
					aria-autocomplete="list"
					autoComplete="off"
					spellCheck={false}
					maxLength={100}
					placeholder="Search caches, hosts, pages, actions"
					value={query}
					onChange={(event) => {
						setQuery(event.target.value);
						setActiveId(null);
					}}
					onKeyDown={onKeyDown}
					className="h-12.5 w-full bg-transparent text-base outline-none placeholder:text-muted"
				/>
				<Kbd className="hidden h-5 px-1.5 text-xs sm:inline-flex">Esc</Kbd>
			</div>
			<div
				id={listId}
				role="listbox"
				aria-label="Results"
				tabIndex={-1}
				className="max-h-[min(26rem,60vh)] overflow-y-auto py-2"
			>
				{groups.map(({ group, entries: own }) => (
					// biome-ignore lint/a11y/useSemanticElements: groups of options have no element of their own
					<div key={group} role="group" aria-label={group} className="px-2 pb-1.5">
						<p
							aria-hidden
							className="px-2.5 pt-1.5 pb-1 text-[0.6875rem] font-semibold tracking-[0.06em] text-muted uppercase"
						>
							{group}
						</p>
						{own.map((entry) => (
							<Result
								key={entry.id}
								id={`${listId}:${entry.id}`}
								entry={entry}
								isActive={entry === active}
								onHover={() => setActiveId(entry.id)}
								onRun={() => run(entry)}
							/>
						))}
					</div>
				))}
				{flat.length === 0 && (
					<p className="px-4 py-8 text-center text-sm text-muted">
						Nothing found for “{query.trim()}”. Try a cache's name, a page, or “create”.
					</p>
				)}
			</div>
			<p role="status" className="sr-only">
				{plural(flat.length, "result")}
			</p>
		</>
	);
}

interface ResultProps {
	id: string;
	entry: PaletteEntry;
	isActive: boolean;
	onHover: () => void;
	onRun: () => void;
}

function Result({ id, entry, isActive, onHover, onRun }: ResultProps) {
	const ref = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (isActive) ref.current?.scrollIntoView({ block: "nearest" });
	}, [isActive]);
	const { icon: Icon, title, detail, status } = entry;
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: the input that owns the list handles the keys
		<div
			ref={ref}
			id={id}
			role="option"
			tabIndex={-1}
			aria-selected={isActive}
			onMouseMove={isActive ? undefined : onHover}
			onClick={onRun}
			className={classNames(
				"flex min-h-9.5 cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-1.5",
				isActive && "bg-accent-soft",
			)}
		>
			<Icon
				aria-hidden
				className={classNames(
					"size-4 shrink-0",
					isActive ? "text-accent-soft-foreground" : "text-muted",
				)}
			/>
			<span className={classNames("truncate", isActive && "font-medium")}>{title}</span>
			{status !== undefined && <Status status={status} look="text" />}
			{detail !== undefined && detail !== "" && (
				<span className="min-w-0 flex-1 truncate text-[0.8125rem] text-muted">{detail}</span>
			)}
			{isActive && <CornerDownLeft aria-hidden className="ml-auto size-3.5 shrink-0 text-muted" />}
		</div>
	);
}
