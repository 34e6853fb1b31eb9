-- A small believable set of master data. Rows that exist are left as they are.

INSERT INTO GCOLIGADA (CODCOLIGADA, NOME, NOMEFANTASIA, ATIVO) VALUES
    (1, 'Aurora Energia S.A.', 'Aurora Energia', 'T'),
    (2, 'Aurora Imóveis Ltda.', 'Aurora Imóveis', 'T'),
    (9, 'Aurora Participações Ltda. (encerrada)', 'Aurora Participações', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO GFILIAL (CODCOLIGADA, CODFILIAL, NOME, ATIVO) VALUES
    (1, 1, 'Matriz São Paulo', 'T'),
    (1, 2, 'Filial Recife', 'T'),
    (1, 3, 'Filial Curitiba (encerrada)', 'F'),
    (2, 1, 'Matriz Belo Horizonte', 'T'),
    (2, 2, 'Filial Contagem (encerrada)', 'F'),
    (9, 1, 'Matriz (encerrada)', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO FCFO (CODCOLIGADA, CODCFO, NOME, CGCCFO, ATIVO) VALUES
    (0, 'B00001', 'Banco Horizonte S.A.', '11.111.111/0001-91', 'T'),
    (0, 'B00009', 'Banco Poente S.A. (liquidado)', '99.999.999/0001-91', 'F'),
    (1, 'F00017', 'Banco Nascente S.A.', '17.017.017/0001-17', 'T'),
    (1, 'F00018', 'Seguradora Farol S.A.', '18.018.018/0001-18', 'T'),
    (1, 'F00099', 'Fornecedor Antigo Ltda. (inativo)', '99.099.099/0001-99', 'F'),
    (1, 'C00001', 'Distribuidora Litoral S.A.', '31.031.031/0001-31', 'T'),
    (2, 'F00017', 'Locadora Serra Azul Ltda.', '27.027.027/0001-27', 'T'),
    (2, 'F00099', 'Locadora Antiga Ltda. (inativa)', '29.099.099/0001-99', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO FTDO (CODCOLIGADA, CODTDO, DESCRICAO, EDEVOLUCAO, ATIVO) VALUES
    (1, 'EMPR', 'Parcela de empréstimo', 0, 'T'),
    (1, 'IOF', 'Imposto sobre operação financeira', 0, 'T'),
    (1, 'NF', 'Nota fiscal', 0, 'T'),
    (1, 'PREV', 'Previsão', 4, 'T'),
    (1, 'LETRA', 'Letra de câmbio (em desuso)', 7, 'F'),
    (2, 'EMPR', 'Parcela de empréstimo', 0, 'T'),
    (2, 'ALUG', 'Aluguel', 0, 'T'),
    (2, 'LETRA', 'Letra de câmbio (em desuso)', 7, 'F')
ON CONFLICT DO NOTHING;

INSERT INTO FCXA (CODCOLIGADA, CODCXA, DESCRICAO, NUMBANCO, NUMAGENCIA, NROCONTA, ATIVO) VALUES
    (1, '001', 'Banco Nascente, conta corrente', '917', '0001', '12345-6', 'T'),
    (1, '002', 'Banco Horizonte, conta corrente', '911', '0042', '98765-4', 'T'),
    (1, '009', 'Caixa da filial Curitiba (encerrado)', NULL, NULL, NULL, 'F'),
    (2, '001', 'Banco Horizonte, conta corrente', '911', '0042', '55555-5', 'T'),
    (2, '009', 'Caixa da filial Contagem (encerrado)', NULL, NULL, NULL, 'F')
ON CONFLICT DO NOTHING;

INSERT INTO GMOEDA (SIMBOLO, DESCRICAO, ATIVO) VALUES
    ('R$', 'Real', 'T'),
    ('US$', 'Dólar dos Estados Unidos', 'T'),
    ('EUR', 'Euro', 'T'),
    ('Cr$', 'Cruzeiro (extinto)', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO GCCUSTO (CODCOLIGADA, CODCCUSTO, NOME, CODREDUZIDO, ATIVO, PERMITELANC) VALUES
    (1, '01', 'Corporativo', '1', 'T', 'F'),
    (1, '01.001', 'Administração', '11', 'T', 'T'),
    (1, '01.002', 'Tesouraria', '12', 'T', 'T'),
    (1, '02.001', 'Usina Norte', '21', 'T', 'T'),
    (1, '09.001', 'Filial Curitiba (encerrada)', '91', 'F', 'T'),
    (2, '01', 'Corporativo', '1', 'T', 'F'),
    (2, '01.001', 'Imóveis de terceiros', '11', 'T', 'T'),
    (2, '09.001', 'Filial Contagem (encerrada)', '91', 'F', 'T')
ON CONFLICT DO NOTHING;

INSERT INTO GDEPTO (CODCOLIGADA, CODDEPARTAMENTO, NOME, ATIVO) VALUES
    (1, 'FIN', 'Financeiro', 'T'),
    (1, 'ADM', 'Administrativo', 'T'),
    (1, 'EXP', 'Expansão (extinto)', 'F'),
    (2, 'FIN', 'Financeiro', 'T'),
    (2, 'EXP', 'Expansão (extinto)', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO TTBORCAMENTO (CODCOLIGADA, CODTBORCAMENTO, DESCRICAO, INATIVO, SINTETICOANALITICO, NATUREZA) VALUES
    (1, '01.01', 'Captação de empréstimos', 0, 1, 0),
    (1, '02.01', 'Juros sobre empréstimos', 0, 1, 1),
    (1, '02.02', 'Amortização de principal', 0, 1, 1),
    (1, '02.03', 'Tarifas e IOF', 0, 1, 1),
    (1, '02.09', 'Variação monetária (em desuso)', 1, 1, 1),
    (2, '02.01', 'Juros sobre empréstimos', 0, 1, 1),
    (2, '03.01', 'Aluguéis', 0, 1, 1),
    (2, '02.09', 'Variação monetária (em desuso)', 1, 1, 1)
ON CONFLICT DO NOTHING;

-- Both modules are closed to the end of 2025; 2026 to 2028 are open.
INSERT INTO SLFECHAMENTO (CODCOLIGADA, MODULO, DATAINICIO, DATAFIM, DATAFECHAMENTO) VALUES
    (1, 'F', '2025-01-01', '2025-12-31', '2025-12-31'),
    (1, 'F', '2026-01-01', '2028-12-31', NULL),
    (1, 'C', '2025-01-01', '2025-12-31', '2025-12-31'),
    (1, 'C', '2026-01-01', '2028-12-31', NULL),
    (2, 'F', '2025-01-01', '2025-12-31', '2025-12-31'),
    (2, 'F', '2026-01-01', '2028-12-31', NULL),
    (2, 'C', '2025-01-01', '2025-12-31', '2025-12-31'),
    (2, 'C', '2026-01-01', '2028-12-31', NULL)
ON CONFLICT DO NOTHING;
