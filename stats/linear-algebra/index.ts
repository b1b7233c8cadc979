/** Small symmetric eigenvalue problems, in float64 on the host. */
export { symmetricEigen, type SymmetricEigen } from './symmetric-eigen.ts';
export { tridiagonalEigen, unitRow, type TridiagonalEigen } from './tridiagonal.ts';
