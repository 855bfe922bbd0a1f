// Turns of a session in the order of their starts, wherever they are put in.

export interface Timeline {
	/** Its place from 1, and the latest end of those before it. */
	insert(start: number, end: number, id: string): { index: number; lastEnd: number | undefined };
}

export function createTimeline(): Timeline {
	const turns: { start: number; id: string; lastEnd: number }[] = [];
	return {
		insert(start, end, id) {
			// New ones are nearly always the last.
			let place = turns.length;
			while (place > 0 && isAfter(turns[place - 1], start, id)) place--;
			const lastEnd = turns[place - 1]?.lastEnd;
			turns.splice(place, 0, { start, id, lastEnd: Math.max(end, lastEnd ?? end) });
			for (let later = place + 1; later < turns.length; later++) {
				const turn = turns[later];
				if (turn) turn.lastEnd = Math.max(turn.lastEnd, end);
			}
			return { index: place + 1, lastEnd };
		},
	};
}

function isAfter(turn: { start: number; id: string } | undefined, start: number, id: string): boolean {
	return turn !== undefined && (turn.start > start || (turn.start === start && turn.id > id));
}
