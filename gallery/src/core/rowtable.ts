/** The rows of a layout as columns: objects for a million tiles would take too long. */

export class RowTable {
  count = 0;
  first: Uint32Array;
  top: Float64Array;
  height: Int32Array;
  left: Int32Array;
  width: Int32Array;

  constructor(capacity: number) {
    this.first = new Uint32Array(capacity + 1);
    this.top = new Float64Array(capacity);
    this.height = new Int32Array(capacity);
    this.left = new Int32Array(capacity);
    this.width = new Int32Array(capacity);
  }

  add(first: number, top: number, height: number, left: number, width: number): void {
    const row = this.count++;
    if (row >= this.height.length) this.#grow();
    this.first[row] = first;
    this.top[row] = top;
    this.height[row] = height;
    this.left[row] = left;
    this.width[row] = width;
  }

  #grow(): void {
    const capacity = this.height.length * 2;
    const copy = <T extends Uint32Array | Float64Array | Int32Array>(to: T, from: T): T => (to.set(from), to);
    this.first = copy(new Uint32Array(capacity + 1), this.first);
    this.top = copy(new Float64Array(capacity), this.top);
    this.height = copy(new Int32Array(capacity), this.height);
    this.left = copy(new Int32Array(capacity), this.left);
    this.width = copy(new Int32Array(capacity), this.width);
  }
}
