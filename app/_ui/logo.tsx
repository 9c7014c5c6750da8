/** Three shelves. */
export function Logo({ className = "size-5" }: { className?: string }) {
	return (
		<svg viewBox="0 0 20 20" aria-hidden="true" className={className}>
			<path className="fill-accent" d="M4 1h12a3 3 0 0 1 3 3v1.5H1V4a3 3 0 0 1 3-3Z" />
			<path className="fill-accent opacity-70" d="M1 7.5h18v5H1z" />
			<path className="fill-accent" d="M1 14.5h18V16a3 3 0 0 1-3 3H4a3 3 0 0 1-3-3Z" />
		</svg>
	);
}
